-- Expand only: code of before gives no levels and reads none.
-- The level of restriction up to which the holder of a grant sees forms; none: the role's own.
ALTER TABLE grants ADD COLUMN level SMALLINT,
    ADD CONSTRAINT ck_grants_level CHECK (level BETWEEN 1 AND 4);

-- Who asks, as before, with the levels of the grants and the documents they stand on.
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
                    'valid_from', g.valid_from, 'valid_to', g.valid_to, 'delegation_of', g.delegation_of,
                    'level', g.level, 'level_document', CASE WHEN g.level IS NOT NULL THEN g.document END)), '[]')
                FROM grants g WHERE g.account_id = giver.id AND g.delegation_of IS NULL) END,
            'delegations', CASE WHEN d.through IS NULL OR deepest < 1 THEN '[]'::json
                ELSE json_build_array(hoso_delegation(d.through, deepest - 1)) END))
        FROM delegations d JOIN accounts giver ON giver.id = d.delegator_id
            JOIN accounts receiver ON receiver.id = d.delegate_id
        -- Nobody is told half of it: where what it rests on is out of sight, so is this.
        WHERE d.id = one AND (d.through IS NULL OR deepest < 1 OR hoso_delegation(d.through, deepest - 1) IS NOT NULL));
END $$;
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
            'valid_from', g.valid_from, 'valid_to', g.valid_to, 'delegation_of', g.delegation_of,
            'level', g.level, 'level_document', CASE WHEN g.level IS NOT NULL THEN g.document END)
            ORDER BY g.valid_from, g.id), '[]')
            FROM grants g WHERE g.account_id = a.id),
        'delegations', hoso_delegations(a.id)) INTO answer
        FROM accounts a WHERE a.id = known.account_id AND a.state <> 'cancelled' AND a.suspended_at IS NULL;
    RETURN answer;
END $$;
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
            'valid_from', g.valid_from, 'valid_to', g.valid_to, 'delegation_of', g.delegation_of,
            'level', g.level, 'level_document', CASE WHEN g.level IS NOT NULL THEN g.document END)
            ORDER BY g.valid_from, g.id), '[]')
            FROM grants g WHERE g.account_id = a.id),
        'delegations', hoso_delegations(a.id)) INTO answer
        FROM accounts a WHERE a.id = known.account_id AND a.state <> 'cancelled' AND a.suspended_at IS NULL;
    RETURN answer;
END $$;
