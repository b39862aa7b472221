-- Expand only. Code of before says nothing of archives and reads nothing of archived files until it is replaced:
-- unset means no rows, here too.
-- Below which agencies the reader may read archived files, as the API has judged it: a setting of the transaction
-- like the agencies; a star is the whole authority.
CREATE FUNCTION hoso_every_archive() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(current_setting('hoso.archives', true), '') = '*' $$;
CREATE FUNCTION hoso_archives() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(nullif(nullif(current_setting('hoso.archives', true), ''), '*'), '{}')::uuid[] $$;

-- What a file holds: of one in the archive it is read by the right to archives alone, on the holding side, too
-- (hanoi.art12.3), and by the person. One policy for each role, so that the profile is looked up once a row.
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['revisions', 'attachments', 'national_records', 'national_proposals'] LOOP
        EXECUTE format('ALTER POLICY by_profile ON %I TO CURRENT_USER, hoso_worker, hoso_report', t);
        EXECUTE format($p$CREATE POLICY by_profile_and_archive ON %I TO hoso_api
            USING (authority_id = (SELECT hoso_authority()) AND (
                ((SELECT hoso_everything()) AND (SELECT hoso_every_archive()))
                OR profile_id = (SELECT hoso_profile())
                OR EXISTS (SELECT 1 FROM profiles p WHERE p.id = profile_id AND (p.chapter <> 'archive'
                    OR (SELECT hoso_every_archive())
                    OR p.agency_id IN (SELECT descendant_id FROM agency_closure
                        WHERE ancestor_id = ANY ((SELECT hoso_archives())::uuid[]) AND valid_to IS NULL)))))$p$, t);
    END LOOP;
END $$;
