-- As 0064 did once: a role that is a post's has a holder. Row-level security holds the owner too, hence the scope.
DO $$
DECLARE
    authority uuid;
    roles text[] := ARRAY['head', 'hr_head', 'hr_officer', 'approver', 'sync_agent', 'archivist',
        'department_head', 'department_officer'];
BEGIN
    FOR authority IN SELECT authority_id FROM authorities LOOP
        PERFORM set_config('hoso.authority', authority::text, true), set_config('hoso.scope', 'authority', true);
        CREATE TEMPORARY TABLE bare_grants ON COMMIT DROP AS
            SELECT g.* FROM grants g WHERE g.delegation_of IS NULL AND g.role = ANY (roles)
                AND g.valid_to IS DISTINCT FROM g.valid_from
                AND NOT EXISTS (SELECT 1 FROM post_holders h WHERE h.grant_id = g.id);
        -- A unit that has ended has its post until then.
        INSERT INTO agency_posts (id, authority_id, agency_id, kind, valid_from, valid_to, document)
            SELECT gen_random_uuid(), authority, b.agency_id, b.role, min(b.valid_from),
                    CASE WHEN a.valid_to IS NOT NULL THEN greatest(min(b.valid_from), a.valid_to) END, ''
                FROM bare_grants b JOIN agencies a ON a.id = b.agency_id
                WHERE NOT EXISTS (SELECT 1 FROM agency_posts p WHERE p.agency_id = b.agency_id AND p.kind = b.role
                    AND (p.valid_to IS NULL OR a.valid_to IS NOT NULL))
                GROUP BY b.agency_id, b.role, a.valid_to;
        INSERT INTO post_holders (id, authority_id, post_id, account_id, acting, valid_from, valid_to, document, grant_id)
            SELECT gen_random_uuid(), authority, (SELECT p.id FROM agency_posts p WHERE p.agency_id = b.agency_id
                    AND p.kind = b.role ORDER BY p.valid_to NULLS FIRST, p.id LIMIT 1),
                b.account_id, false, b.valid_from, b.valid_to, coalesce(b.document, ''), b.id
            FROM bare_grants b
            WHERE NOT EXISTS (SELECT 1 FROM bare_grants o WHERE o.account_id = b.account_id
                    AND o.agency_id = b.agency_id AND o.role = b.role AND o.id < b.id
                    AND daterange(o.valid_from, o.valid_to) && daterange(b.valid_from, b.valid_to))
                AND NOT EXISTS (SELECT 1 FROM post_holders h JOIN agency_posts p ON p.id = h.post_id
                    WHERE h.account_id = b.account_id AND p.agency_id = b.agency_id AND p.kind = b.role
                    AND daterange(h.valid_from, h.valid_to) && daterange(b.valid_from, b.valid_to));
        DROP TABLE bare_grants;
        PERFORM set_config('hoso.authority', '', true), set_config('hoso.scope', '', true);
    END LOOP;
END $$;
