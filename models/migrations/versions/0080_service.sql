-- Expand only: code of before knows no pause and no maintenance, and goes on as before.
CREATE TABLE party_pauses (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    party TEXT NOT NULL,
    reason TEXT NOT NULL,
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    until TIMESTAMP WITH TIME ZONE,
    paused_by UUID NOT NULL,
    resumed_at TIMESTAMP WITH TIME ZONE,
    resumed_by UUID,
    resumed_why TEXT,
    CONSTRAINT pk_party_pauses PRIMARY KEY (id),
    CONSTRAINT ck_party_pauses_party CHECK (party IN ('mail', 'national', 'timestamps', 'signers')),
    CONSTRAINT fk_party_pauses_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_party_pauses_paused_by FOREIGN KEY(paused_by) REFERENCES accounts (id),
    CONSTRAINT fk_party_pauses_resumed_by FOREIGN KEY(resumed_by) REFERENCES accounts (id)
);
CREATE UNIQUE INDEX ix_party_pauses_open ON party_pauses (authority_id, party) WHERE resumed_at IS NULL;
CREATE TABLE maintenances (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    document TEXT NOT NULL,
    rule_id TEXT,
    citation TEXT,
    announced_at TIMESTAMP WITH TIME ZONE NOT NULL,
    announced_by UUID NOT NULL,
    lifted_at TIMESTAMP WITH TIME ZONE,
    lifted_by UUID,
    lifted_why TEXT,
    CONSTRAINT pk_maintenances PRIMARY KEY (id),
    CONSTRAINT ck_maintenances_ahead CHECK (announced_at < starts_at AND starts_at < ends_at),
    CONSTRAINT fk_maintenances_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_maintenances_announced_by FOREIGN KEY(announced_by) REFERENCES accounts (id),
    CONSTRAINT fk_maintenances_lifted_by FOREIGN KEY(lifted_by) REFERENCES accounts (id)
);
CREATE INDEX ix_maintenances_open ON maintenances (authority_id, ends_at) WHERE lifted_at IS NULL;

ALTER TABLE party_pauses ENABLE ROW LEVEL SECURITY;
ALTER TABLE party_pauses FORCE ROW LEVEL SECURITY;
ALTER TABLE maintenances ENABLE ROW LEVEL SECURITY;
ALTER TABLE maintenances FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON party_pauses, maintenances TO hoso_worker;
GRANT UPDATE (resumed_at, resumed_by, resumed_why) ON party_pauses TO hoso_worker;
GRANT UPDATE (lifted_at, lifted_by, lifted_why) ON maintenances TO hoso_worker;
GRANT SELECT ON party_pauses, maintenances TO hoso_api, hoso_report;
-- Everybody of the authority may know what waits, and when nothing can be changed.
CREATE POLICY by_authority ON party_pauses USING (authority_id = (SELECT hoso_authority()));
CREATE POLICY by_authority ON maintenances USING (authority_id = (SELECT hoso_authority()));

-- The maintenance that goes on at an instant, for the question who asks; runs with the caller's rights.
CREATE FUNCTION hoso_maintenance(at timestamptz) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('id', m.id, 'starts_at', m.starts_at, 'ends_at', m.ends_at,
        'document', m.document, 'citation', m.citation)
    FROM maintenances m WHERE m.lifted_at IS NULL AND m.starts_at <= at AND m.ends_at > at LIMIT 1
$$;
