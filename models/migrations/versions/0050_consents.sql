-- Expand only: code of before knows no consent and reads no further than before.
CREATE TABLE access_consents (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    account_id UUID NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    purpose TEXT NOT NULL,
    document TEXT,
    level SMALLINT NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    asked_by UUID NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    answered_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    reason TEXT,
    rule_id TEXT NOT NULL,
    citation TEXT NOT NULL,
    CONSTRAINT pk_access_consents PRIMARY KEY (id),
    CONSTRAINT ck_access_consents_kind CHECK (kind IN ('written', 'electronic')),
    CONSTRAINT ck_access_consents_state CHECK (state IN ('asked', 'given', 'refused', 'ended')),
    CONSTRAINT ck_access_consents_written CHECK (kind = 'electronic' OR (state <> 'asked' AND document IS NOT NULL)),
    CONSTRAINT ck_access_consents_ended CHECK ((state = 'ended') = (ended_at IS NOT NULL)),
    CONSTRAINT ck_access_consents_period CHECK (ends_on > starts_on),
    CONSTRAINT ck_access_consents_level CHECK (level BETWEEN 1 AND 3),
    CONSTRAINT fk_access_consents_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_access_consents_profile_id FOREIGN KEY(profile_id) REFERENCES profiles (id),
    CONSTRAINT fk_access_consents_account_id FOREIGN KEY(account_id) REFERENCES accounts (id),
    CONSTRAINT fk_access_consents_asked_by FOREIGN KEY(asked_by) REFERENCES accounts (id)
);
CREATE INDEX ix_access_consents_profile ON access_consents (profile_id);
CREATE INDEX ix_access_consents_account ON access_consents (account_id) WHERE state = 'given';

ALTER TABLE access_consents ENABLE ROW LEVEL SECURITY;
ALTER TABLE access_consents FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON access_consents TO hoso_worker;
GRANT UPDATE (state, answered_at, ended_at, reason) ON access_consents TO hoso_worker;
GRANT SELECT ON access_consents TO hoso_api, hoso_report;
-- The reader finds their own before a scope is; the person's and the agency's follow the file.
CREATE POLICY sides ON access_consents USING (authority_id = (SELECT hoso_authority()) AND (
    (SELECT hoso_everything()) OR profile_id = (SELECT hoso_profile()) OR account_id = (SELECT hoso_account())
    OR EXISTS (SELECT 1 FROM profiles p WHERE p.id = profile_id)));

-- Files that the reader has a consent for today, as the API has judged it: like the agencies, a setting of the
-- transaction.
CREATE FUNCTION hoso_consented() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(nullif(current_setting('hoso.consented', true), ''), '{}')::uuid[] $$;
CREATE POLICY consented ON profiles FOR SELECT TO hoso_api USING (authority_id = (SELECT hoso_authority())
    AND id = ANY ((SELECT hoso_consented())::uuid[]));

-- What a reader holds by consent, for the question who asks; runs with the caller's rights.
CREATE FUNCTION hoso_consents(account uuid) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT coalesce(json_agg(json_build_object('id', c.id, 'profile_id', c.profile_id, 'kind', c.kind,
        'starts_on', c.starts_on, 'ends_on', c.ends_on, 'level', c.level) ORDER BY c.id), '[]')
    FROM access_consents c WHERE c.account_id = account AND c.state = 'given'
$$;
