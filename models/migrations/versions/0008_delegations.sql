-- A range over uuid, so that EXCLUDE can compare ids without an extension.
DO $$
BEGIN
    IF to_regtype('uuidrange') IS NULL THEN
        CREATE TYPE uuidrange AS RANGE (subtype = uuid);
    END IF;
END $$;

CREATE TABLE delegations (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    delegator_id UUID NOT NULL,
    delegator_profile_id UUID,
    delegate_id UUID NOT NULL,
    delegate_profile_id UUID,
    what TEXT NOT NULL,
    agency_id UUID NOT NULL,
    role TEXT NOT NULL,
    through UUID,
    parties UUID[] NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE NOT NULL,
    document TEXT NOT NULL,
    agreement TEXT,
    agreed_on DATE,
    state TEXT NOT NULL,
    warned BOOLEAN NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    end_reason TEXT,
    reason TEXT,
    rule_id TEXT,
    citation TEXT,
    rule_set_hash TEXT NOT NULL,
    version INTEGER NOT NULL,
    next_wake_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_delegations PRIMARY KEY (id),
    CONSTRAINT ck_delegations_period CHECK (valid_to > valid_from),
    CONSTRAINT ck_delegations_state CHECK (state IN ('waiting', 'granted', 'ended')),
    CONSTRAINT ck_delegations_somebody_else CHECK (delegator_id <> delegate_id),
    CONSTRAINT ck_delegations_ended CHECK ((state = 'ended') = (ended_at IS NOT NULL)),
    CONSTRAINT fk_delegations_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_delegations_delegator_id FOREIGN KEY(delegator_id) REFERENCES accounts (id),
    CONSTRAINT fk_delegations_delegator_profile_id FOREIGN KEY(delegator_profile_id) REFERENCES profiles (id),
    CONSTRAINT fk_delegations_delegate_id FOREIGN KEY(delegate_id) REFERENCES accounts (id),
    CONSTRAINT fk_delegations_delegate_profile_id FOREIGN KEY(delegate_profile_id) REFERENCES profiles (id),
    CONSTRAINT fk_delegations_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id),
    CONSTRAINT fk_delegations_through FOREIGN KEY(through) REFERENCES delegations (id),
    -- One delegator lends the same thing to one person at a time; the digest stands for delegator, right and agency.
    CONSTRAINT ex_delegations_overlap EXCLUDE USING gist (
        uuidrange(md5(delegator_id::text || what || agency_id::text)::uuid,
            md5(delegator_id::text || what || agency_id::text)::uuid, '[]') WITH &&,
        daterange(valid_from, valid_to) WITH &&) WHERE (state <> 'ended')
);
CREATE INDEX ix_delegations_agency ON delegations (agency_id);
CREATE INDEX ix_delegations_delegate ON delegations (delegate_id);
CREATE INDEX ix_delegations_delegator ON delegations (delegator_id);
CREATE INDEX ix_delegations_through ON delegations (through) WHERE through IS NOT NULL;

ALTER TABLE delegations ENABLE ROW LEVEL SECURITY;
ALTER TABLE delegations FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE ON delegations TO hoso_worker;
GRANT SELECT ON delegations TO hoso_api, hoso_report;
-- Like grants: who may do what is known within the authority, and what is lent must be found before a scope is.
CREATE POLICY by_authority ON delegations USING (authority_id = (SELECT hoso_authority()));

-- Those whose right somebody holds, and those who hold one's own, are seen by name wherever they sit.
CREATE POLICY delegation_parties ON accounts FOR SELECT USING (authority_id = (SELECT hoso_authority())
    AND id IN (SELECT unnest(d.parties) FROM delegations d WHERE d.delegate_id = (SELECT hoso_account())
        UNION ALL SELECT d.delegate_id FROM delegations d WHERE (SELECT hoso_account()) = ANY (d.parties)));

ALTER TABLE events ADD COLUMN on_behalf_of UUID, ADD COLUMN delegation_id UUID;
CREATE INDEX ix_events_delegation ON events (delegation_id) WHERE delegation_id IS NOT NULL;
ALTER TABLE approvals ADD COLUMN on_behalf_of UUID, ADD COLUMN delegation_id UUID;
ALTER TABLE approvals
    ADD CONSTRAINT fk_approvals_on_behalf_of FOREIGN KEY(on_behalf_of) REFERENCES accounts (id),
    ADD CONSTRAINT fk_approvals_delegation_id FOREIGN KEY(delegation_id) REFERENCES delegations (id);

-- One delegation as a decision is told of it: with its delegator and the roles that person has now; or, where it
-- was lent on, with the one delegation it rests on. `over`: not in force whatever the date.
CREATE FUNCTION hoso_delegation(one uuid, deepest integer) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT json_build_object(
        'id', d.id, 'what', d.what, 'agency_id', d.agency_id, 'valid_from', d.valid_from, 'valid_to', d.valid_to,
        'ancestors', (SELECT coalesce(json_agg(c.ancestor_id ORDER BY c.depth), '[]') FROM agency_closure c
            WHERE c.descendant_id = d.agency_id AND c.valid_to IS NULL),
        'over', d.state <> 'granted' OR giver.state = 'cancelled' OR receiver.state = 'cancelled'
            OR (d.delegator_profile_id IS NOT NULL AND d.delegator_profile_id IS DISTINCT FROM giver.profile_id)
            OR (d.delegate_profile_id IS NOT NULL AND d.delegate_profile_id IS DISTINCT FROM receiver.profile_id),
        'delegator', json_build_object(
            'id', giver.id, 'authority_id', giver.authority_id, 'profile_id', giver.profile_id,
            'state', giver.state,
            'grants', CASE WHEN d.through IS NOT NULL THEN '[]'::json ELSE (
                SELECT coalesce(json_agg(json_build_object('role', g.role, 'agency_id', g.agency_id,
                    'valid_from', g.valid_from, 'valid_to', g.valid_to, 'delegation_of', g.delegation_of)), '[]')
                FROM grants g WHERE g.account_id = giver.id AND g.delegation_of IS NULL) END,
            'delegations', CASE WHEN d.through IS NULL OR deepest < 1 THEN '[]'::json
                ELSE json_build_array(hoso_delegation(d.through, deepest - 1)) END))
        FROM delegations d JOIN accounts giver ON giver.id = d.delegator_id
            JOIN accounts receiver ON receiver.id = d.delegate_id
        -- Nobody is told half of it: where what it rests on is out of sight, so is this.
        WHERE d.id = one AND (d.through IS NULL OR deepest < 1 OR hoso_delegation(d.through, deepest - 1) IS NOT NULL));
END $$;

-- What an account holds by delegation: all that has not ended, and the last that has, so that a refusal can say so.
CREATE FUNCTION hoso_delegations(account uuid) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT coalesce(json_agg(hoso_delegation(d.id, 5) ORDER BY d.valid_from, d.id), '[]') FROM delegations d
    WHERE d.delegate_id = account AND (d.ended_at IS NULL OR d.id IN (SELECT e.id FROM delegations e
        WHERE e.delegate_id = account AND e.ended_at IS NOT NULL ORDER BY e.ended_at DESC LIMIT 3))
$$;

CREATE OR REPLACE FUNCTION hoso_identify(token_hash text, at timestamptz) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    known record;
    answer json;
BEGIN
    PERFORM set_config('hoso.session', token_hash, true);
    SELECT s.authority_id, s.account_id, s.expires_at INTO known FROM sessions s
        WHERE s.token_hash = hoso_identify.token_hash AND s.expires_at > at;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('hoso.authority', known.authority_id::text, true),
            set_config('hoso.account', known.account_id::text, true);
    SELECT json_build_object(
        'authority_id', a.authority_id, 'account_id', a.id, 'login', a.login, 'display_name', a.display_name,
        'kind', a.kind, 'state', a.state, 'profile_id', a.profile_id, 'agency_id', a.agency_id,
        'expires_at', known.expires_at,
        'grants', (SELECT coalesce(json_agg(json_build_object('role', g.role, 'agency_id', g.agency_id,
            'valid_from', g.valid_from, 'valid_to', g.valid_to, 'delegation_of', g.delegation_of)
            ORDER BY g.valid_from, g.id), '[]')
            FROM grants g WHERE g.account_id = a.id),
        'delegations', hoso_delegations(a.id)) INTO answer
        FROM accounts a WHERE a.id = known.account_id AND a.state <> 'cancelled';
    RETURN answer;
END $$;
