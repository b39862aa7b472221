-- Expand only. What was closed into a person's file is a part of it: the person reads it as the rest of the file.
-- Which files these are is known when it is known who asks; a setting of the transaction, like what is read by
-- consent, for the policies of cases and of profiles may not ask each other.
CREATE FUNCTION hoso_merged() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(nullif(current_setting('hoso.merged', true), ''), '{}')::uuid[] $$;
CREATE POLICY merged_own ON profiles FOR SELECT TO hoso_api USING (authority_id = (SELECT hoso_authority())
    AND merged_into = (SELECT hoso_profile()));
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['duties', 'events', 'notices', 'cases', 'shares', 'dossier_reads', 'revisions',
            'attachments', 'national_records', 'national_proposals', 'review_findings'] LOOP
        EXECUTE format($p$CREATE POLICY merged_own ON %I FOR SELECT TO hoso_api
            USING (authority_id = (SELECT hoso_authority())
                AND profile_id = ANY ((SELECT hoso_merged())::uuid[]))$p$, t);
    END LOOP;
END $$;

-- For the question who asks; runs with the caller's rights, which is why it says whose file it asks about.
CREATE FUNCTION hoso_merged_into(account uuid) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    own uuid;
BEGIN
    SELECT a.profile_id INTO own FROM accounts a WHERE a.id = account AND a.kind = 'personal';
    IF own IS NULL THEN
        RETURN '[]';
    END IF;
    PERFORM set_config('hoso.profile', own::text, true);
    RETURN (SELECT coalesce(json_agg(p.id ORDER BY p.id), '[]') FROM profiles p WHERE p.merged_into = own);
END $$;
