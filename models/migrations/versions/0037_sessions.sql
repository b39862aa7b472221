-- When the password was last chosen (nobody knows of former ones: they count from this day), until when a
-- one-time password opens anything, and since when an account is suspended.
ALTER TABLE accounts
    ADD COLUMN password_changed_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN one_time_until TIMESTAMP WITH TIME ZONE,
    ADD COLUMN suspended_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE accounts NO FORCE ROW LEVEL SECURITY; -- the policies hold for the owner, too; for this one statement not
UPDATE accounts SET password_changed_at = now() WHERE state = 'active';
ALTER TABLE accounts FORCE ROW LEVEL SECURITY;
GRANT UPDATE (password_changed_at, one_time_until) ON accounts TO hoso_api;

-- A session is listed under an id that opens nothing, with the device it was opened on.
ALTER TABLE sessions
    ADD COLUMN id UUID NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN device TEXT,
    ADD COLUMN last_seen_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN idle_seconds INTEGER,
    ADD COLUMN second_factor_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN must_change BOOLEAN NOT NULL DEFAULT false;
CREATE UNIQUE INDEX uq_sessions_id ON sessions (id);
GRANT UPDATE (last_seen_at, second_factor_at, must_change) ON sessions TO hoso_api;

CREATE TABLE second_factors (
    account_id UUID NOT NULL,
    authority_id UUID NOT NULL,
    secret BYTEA NOT NULL,
    secret_key TEXT NOT NULL,
    begun_at TIMESTAMP WITH TIME ZONE NOT NULL,
    confirmed_at TIMESTAMP WITH TIME ZONE,
    last_step BIGINT NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    locked_until TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_second_factors PRIMARY KEY (account_id),
    CONSTRAINT fk_second_factors_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_second_factors_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
CREATE TABLE recovery_codes (
    code_hash TEXT NOT NULL,
    account_id UUID NOT NULL,
    authority_id UUID NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_recovery_codes PRIMARY KEY (account_id, code_hash),
    CONSTRAINT fk_recovery_codes_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_recovery_codes_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
-- Wrong passwords by where they came from, under a keyed hash. Before anybody is known there is no authority: its
-- column holds the nil UUID, and only the address that asks is seen.
CREATE TABLE login_addresses (
    address TEXT NOT NULL,
    authority_id UUID NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    failed INTEGER NOT NULL,
    failed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    locked_until TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_login_addresses PRIMARY KEY (address)
);
CREATE INDEX ix_login_addresses_failed_at ON login_addresses (failed_at);

ALTER TABLE second_factors ENABLE ROW LEVEL SECURITY;
ALTER TABLE second_factors FORCE ROW LEVEL SECURITY;
ALTER TABLE recovery_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE recovery_codes FORCE ROW LEVEL SECURITY;
ALTER TABLE login_addresses ENABLE ROW LEVEL SECURITY;
ALTER TABLE login_addresses FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON second_factors, recovery_codes TO hoso_api;
GRANT SELECT, DELETE ON second_factors, recovery_codes TO hoso_worker;
GRANT SELECT, INSERT, UPDATE ON login_addresses TO hoso_api;
GRANT SELECT, DELETE ON login_addresses TO hoso_worker;
GRANT SELECT ON second_factors, recovery_codes, login_addresses TO hoso_report; -- no policy of its: it sees none
-- A second factor is its holder's: whoever reaches everything through the API reaches none of another's. Resets are
-- recorded acts, done by the worker.
CREATE POLICY own ON second_factors TO hoso_api USING (authority_id = (SELECT hoso_authority())
    AND account_id = (SELECT hoso_account()));
CREATE POLICY own ON recovery_codes TO hoso_api USING (authority_id = (SELECT hoso_authority())
    AND account_id = (SELECT hoso_account()));
CREATE POLICY resets ON second_factors TO hoso_worker USING (authority_id = (SELECT hoso_authority())
    AND (SELECT hoso_everything()));
CREATE POLICY resets ON recovery_codes TO hoso_worker USING (authority_id = (SELECT hoso_authority())
    AND (SELECT hoso_everything()));
CREATE POLICY at_login ON login_addresses TO hoso_api
    USING (address = nullif(current_setting('hoso.address', true), ''));
CREATE POLICY forgotten ON login_addresses TO hoso_worker USING (true);

-- Who is asking: a session that has neither run out nor lain idle, of an account that is neither cancelled nor
-- suspended. Being seen is written down once a minute, not at every request.
CREATE OR REPLACE FUNCTION hoso_identify(token_hash text, at timestamptz) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    known record;
    answer json;
BEGIN
    PERFORM set_config('hoso.session', token_hash, true);
    SELECT s.authority_id, s.account_id, s.expires_at, s.id, s.last_seen_at, s.second_factor_at, s.must_change
        INTO known FROM sessions s WHERE s.token_hash = hoso_identify.token_hash AND s.expires_at > at
        AND (s.idle_seconds IS NULL OR s.last_seen_at IS NULL
            OR s.last_seen_at + make_interval(secs => s.idle_seconds) > at);
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF known.last_seen_at <= at - interval '1 minute' THEN
        UPDATE sessions s SET last_seen_at = at WHERE s.token_hash = hoso_identify.token_hash;
    END IF;
    PERFORM set_config('hoso.authority', known.authority_id::text, true),
            set_config('hoso.account', known.account_id::text, true);
    SELECT json_build_object(
        'authority_id', a.authority_id, 'account_id', a.id, 'login', a.login, 'display_name', a.display_name,
        'kind', a.kind, 'state', a.state, 'profile_id', a.profile_id, 'agency_id', a.agency_id,
        'expires_at', known.expires_at, 'session_id', known.id, 'must_change', known.must_change,
        'second_factor_at', known.second_factor_at,
        'second_factor', EXISTS (SELECT 1 FROM second_factors f
            WHERE f.account_id = a.id AND f.confirmed_at IS NOT NULL),
        'grants', (SELECT coalesce(json_agg(json_build_object('role', g.role, 'agency_id', g.agency_id,
            'valid_from', g.valid_from, 'valid_to', g.valid_to, 'delegation_of', g.delegation_of)
            ORDER BY g.valid_from, g.id), '[]')
            FROM grants g WHERE g.account_id = a.id),
        'delegations', hoso_delegations(a.id)) INTO answer
        FROM accounts a WHERE a.id = known.account_id AND a.state <> 'cancelled' AND a.suspended_at IS NULL;
    RETURN answer;
END $$;

-- Whose account is suspended lends nothing meanwhile.
CREATE OR REPLACE FUNCTION hoso_delegation(one uuid, deepest integer) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT json_build_object(
        'id', d.id, 'what', d.what, 'agency_id', d.agency_id, 'valid_from', d.valid_from, 'valid_to', d.valid_to,
        'ancestors', (SELECT coalesce(json_agg(c.ancestor_id ORDER BY c.depth), '[]') FROM agency_closure c
            WHERE c.descendant_id = d.agency_id AND c.valid_to IS NULL),
        'over', d.state <> 'granted' OR giver.state = 'cancelled' OR receiver.state = 'cancelled'
            OR giver.suspended_at IS NOT NULL OR receiver.suspended_at IS NOT NULL
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

-- Nor does a signing agent go on for it.
CREATE OR REPLACE FUNCTION hoso_signing(token_hash text) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    known record;
    answer json;
BEGIN
    PERFORM set_config('hoso.signing', token_hash, true);
    SELECT s.authority_id, s.account_id, s.id, s.expires_at INTO known FROM signing_sessions s
        WHERE s.token_hash = hoso_signing.token_hash;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('hoso.authority', known.authority_id::text, true),
            set_config('hoso.account', known.account_id::text, true);
    SELECT json_build_object(
        'authority_id', a.authority_id, 'account_id', a.id, 'login', a.login, 'display_name', a.display_name,
        'kind', a.kind, 'state', a.state, 'profile_id', a.profile_id, 'agency_id', a.agency_id,
        'expires_at', known.expires_at, 'session_id', known.id,
        'grants', (SELECT coalesce(json_agg(json_build_object('role', g.role, 'agency_id', g.agency_id,
            'valid_from', g.valid_from, 'valid_to', g.valid_to, 'delegation_of', g.delegation_of)
            ORDER BY g.valid_from, g.id), '[]')
            FROM grants g WHERE g.account_id = a.id),
        'delegations', hoso_delegations(a.id)) INTO answer
        FROM accounts a WHERE a.id = known.account_id AND a.state <> 'cancelled' AND a.suspended_at IS NULL;
    RETURN answer;
END $$;
