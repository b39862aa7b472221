-- Expand only: a program that does not know the table goes on as before. Locks accounts while it indexes them.
-- One personal account that may be used: where the law has the new agency make another one (phu_yen.art12.3) or
-- a former official comes back, the old one stays, cancelled.
DROP INDEX uq_accounts_profile;
CREATE UNIQUE INDEX uq_accounts_profile ON accounts (profile_id) WHERE kind = 'personal' AND state <> 'cancelled';

CREATE TABLE shares (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    kind TEXT NOT NULL,
    from_agency_id UUID NOT NULL,
    agency_id UUID NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    document TEXT NOT NULL,
    state TEXT NOT NULL,
    warned INTEGER NOT NULL,
    next_on DATE NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    reason TEXT,
    CONSTRAINT pk_shares PRIMARY KEY (id),
    CONSTRAINT ck_shares_kind CHECK (kind IN ('secondment')),
    CONSTRAINT ck_shares_state CHECK (state IN ('ahead', 'running', 'ended')),
    CONSTRAINT ck_shares_ended CHECK ((state = 'ended') = (ended_at IS NOT NULL)),
    CONSTRAINT ck_shares_period CHECK (ends_on > starts_on),
    CONSTRAINT ck_shares_sides CHECK (agency_id <> from_agency_id),
    CONSTRAINT fk_shares_authority_id FOREIGN KEY (authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_shares_profile_id FOREIGN KEY (profile_id) REFERENCES profiles (id),
    CONSTRAINT fk_shares_from_agency_id FOREIGN KEY (from_agency_id) REFERENCES agencies (id),
    CONSTRAINT fk_shares_agency_id FOREIGN KEY (agency_id) REFERENCES agencies (id)
);
CREATE UNIQUE INDEX uq_shares_open ON shares (profile_id) WHERE ended_at IS NULL;
CREATE INDEX ix_shares_agency ON shares (agency_id) WHERE ended_at IS NULL;

ALTER TABLE shares ENABLE ROW LEVEL SECURITY;
ALTER TABLE shares FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON shares TO hoso_worker;
GRANT UPDATE (state, warned, next_on, ended_at, reason) ON shares TO hoso_worker;
GRANT SELECT ON shares TO hoso_api, hoso_report;
-- Seen from both sides. It names no table that names it: policies that ask each other would never end.
CREATE POLICY both_sides ON shares USING (authority_id = (SELECT hoso_authority()) AND (
    (SELECT hoso_everything()) OR profile_id = (SELECT hoso_profile())
    OR from_agency_id IN (SELECT descendant_id FROM agency_closure
        WHERE ancestor_id = ANY ((SELECT hoso_agencies())::uuid[]) AND valid_to IS NULL)
    OR agency_id IN (SELECT descendant_id FROM agency_closure
        WHERE ancestor_id = ANY ((SELECT hoso_agencies())::uuid[]) AND valid_to IS NULL)));
-- Custody stays at home; the host reads while the secondment runs.
CREATE POLICY seconded ON profiles FOR SELECT TO hoso_api USING (authority_id = (SELECT hoso_authority())
    AND id IN (SELECT profile_id FROM shares WHERE state = 'running'));
