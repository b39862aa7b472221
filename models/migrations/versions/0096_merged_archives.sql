-- Expand only. A profile that was merged into another is part of that one's history: what it holds is read by
-- whoever reads the other, which is asked only where the row would be hidden as archived.
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['revisions', 'attachments', 'national_records', 'national_proposals'] LOOP
        EXECUTE format($p$ALTER POLICY by_profile_and_archive ON %I
            USING (authority_id = (SELECT hoso_authority()) AND (
                ((SELECT hoso_everything()) AND (SELECT hoso_every_archive()))
                OR profile_id = (SELECT hoso_profile())
                OR EXISTS (SELECT 1 FROM profiles p WHERE p.id = profile_id AND (p.chapter <> 'archive'
                    OR (SELECT hoso_every_archive())
                    OR p.agency_id IN (SELECT descendant_id FROM agency_closure
                        WHERE ancestor_id = ANY ((SELECT hoso_archives())::uuid[]) AND valid_to IS NULL)
                    OR p.merged_into IS NOT NULL AND EXISTS (SELECT 1 FROM profiles s
                        WHERE s.id = p.merged_into AND s.chapter <> 'archive')))))$p$, t);
    END LOOP;
END $$;
