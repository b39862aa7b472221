-- Who is asking, read from settings that live as long as the transaction. After a pooled connection's
-- first use such a setting is '' rather than NULL, hence nullif: unset means no rows.
CREATE FUNCTION hoso_authority() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('hoso.authority', true), '')::uuid $$;
CREATE FUNCTION hoso_everything() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(current_setting('hoso.scope', true), '') = 'authority' $$;
CREATE FUNCTION hoso_agencies() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(nullif(current_setting('hoso.agencies', true), ''), '{}')::uuid[] $$;
CREATE FUNCTION hoso_profile() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('hoso.profile', true), '')::uuid $$;
CREATE FUNCTION hoso_account() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('hoso.account', true), '')::uuid $$;

-- Column events.transaction: the inserting transaction, so that the change feed can stop below the oldest
-- one still running and never skip a late committer.
ALTER TABLE events ALTER COLUMN transaction SET DEFAULT (pg_current_xact_id()::text::bigint);

DO $$
DECLARE
    t text;
BEGIN
    FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO hoso_worker', t);
        EXECUTE format('GRANT SELECT ON %I TO hoso_api, hoso_report', t);
    END LOOP;
    -- Tables whose rows belong to the authority as a whole.
    FOREACH t IN ARRAY ARRAY['agencies', 'agency_closure', 'grants', 'rule_sets', 'calendars', 'month_ends',
                             'outbox', 'mails', 'imports', 'import_lines', 'submissions'] LOOP
        EXECUTE format('CREATE POLICY by_authority ON %I USING (authority_id = (SELECT hoso_authority()))', t);
    END LOOP;
    -- Tables whose rows stand in one agency's work: its own subtree, or the whole authority.
    FOREACH t IN ARRAY ARRAY['agency_months'] LOOP
        EXECUTE format($p$CREATE POLICY by_agency ON %I USING (authority_id = (SELECT hoso_authority()) AND (
            (SELECT hoso_everything()) OR agency_id IN (SELECT descendant_id FROM agency_closure
                WHERE ancestor_id = ANY ((SELECT hoso_agencies())::uuid[]) AND valid_to IS NULL)))$p$, t);
    END LOOP;
    -- Tables whose rows belong to one profile: visible where the profile is.
    FOREACH t IN ARRAY ARRAY['revisions', 'custody', 'attachments', 'approvals', 'month_items'] LOOP
        EXECUTE format($p$CREATE POLICY by_profile ON %I USING (authority_id = (SELECT hoso_authority()) AND (
            (SELECT hoso_everything()) OR profile_id = (SELECT hoso_profile())
            OR EXISTS (SELECT 1 FROM profiles p WHERE p.id = profile_id)))$p$, t);
    END LOOP;
END $$;

-- The directory of authorities of this installation holds no personal data; processes that serve all of
-- them (relay, reconcile) start from it.
CREATE POLICY directory ON authorities FOR SELECT USING (true);
CREATE POLICY by_authority ON authorities USING (authority_id = (SELECT hoso_authority()));

CREATE POLICY by_agency ON profiles USING (authority_id = (SELECT hoso_authority()) AND (
    (SELECT hoso_everything()) OR id = (SELECT hoso_profile())
    OR agency_id IN (SELECT descendant_id FROM agency_closure
        WHERE ancestor_id = ANY ((SELECT hoso_agencies())::uuid[]) AND valid_to IS NULL)));

-- A transfer is seen from both sides while it runs.
CREATE POLICY both_sides ON cases USING (authority_id = (SELECT hoso_authority()) AND (
    (SELECT hoso_everything()) OR profile_id = (SELECT hoso_profile())
    OR from_agency_id IN (SELECT descendant_id FROM agency_closure
        WHERE ancestor_id = ANY ((SELECT hoso_agencies())::uuid[]) AND valid_to IS NULL)
    OR to_agency_id IN (SELECT descendant_id FROM agency_closure
        WHERE ancestor_id = ANY ((SELECT hoso_agencies())::uuid[]) AND valid_to IS NULL)));

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['duties', 'events', 'notices'] LOOP
        EXECUTE format($p$CREATE POLICY by_agency_or_profile ON %I USING (authority_id = (SELECT hoso_authority())
            AND ((SELECT hoso_everything()) OR profile_id = (SELECT hoso_profile())
            OR agency_id IN (SELECT descendant_id FROM agency_closure
                WHERE ancestor_id = ANY ((SELECT hoso_agencies())::uuid[]) AND valid_to IS NULL)))$p$, t);
    END LOOP;
END $$;
CREATE POLICY own_inbox ON notices USING (authority_id = (SELECT hoso_authority())
    AND account_id = (SELECT hoso_account()));

-- Accounts: the account itself, those in scope; and, before anybody is known, the one that logs in.
CREATE POLICY by_agency ON accounts USING (authority_id = (SELECT hoso_authority()) AND (
    (SELECT hoso_everything()) OR id = (SELECT hoso_account())
    OR agency_id IN (SELECT descendant_id FROM agency_closure
        WHERE ancestor_id = ANY ((SELECT hoso_agencies())::uuid[]) AND valid_to IS NULL)));
CREATE POLICY at_login ON accounts USING (login = nullif(current_setting('hoso.login', true), ''));

CREATE POLICY by_account ON sessions USING (authority_id = (SELECT hoso_authority())
    AND ((SELECT hoso_everything()) OR account_id = (SELECT hoso_account())));
CREATE POLICY at_request ON sessions USING (token_hash = nullif(current_setting('hoso.session', true), ''));

CREATE POLICY by_account ON commands USING (authority_id = (SELECT hoso_authority())
    AND ((SELECT hoso_everything()) OR account_id = (SELECT hoso_account())));

-- The API writes what is light (drafts, uploads, sessions) and what it was asked; facts are the worker's.
GRANT INSERT ON commands, revisions, attachments, sessions, imports TO hoso_api;
GRANT UPDATE (content, sealed, key_id, digest, form_version, evidence, based_on, saved_at) ON revisions TO hoso_api;
CREATE POLICY only_drafts ON revisions AS RESTRICTIVE FOR INSERT TO hoso_api WITH CHECK (state = 'draft');
GRANT UPDATE (expires_at) ON sessions TO hoso_api;
GRANT UPDATE (read_at) ON notices TO hoso_api;
GRANT UPDATE (failed_logins, locked_until, password_hash, state) ON accounts TO hoso_api;
-- The API changes the account that logs in or is logged in, never another one in scope, never a cancelled one.
CREATE POLICY own_account_only ON accounts AS RESTRICTIVE FOR UPDATE TO hoso_api
    USING ((id = (SELECT hoso_account()) OR login = nullif(current_setting('hoso.login', true), ''))
        AND state <> 'cancelled')
    WITH CHECK ((id = (SELECT hoso_account()) OR login = nullif(current_setting('hoso.login', true), ''))
        AND state <> 'cancelled');
CREATE POLICY only_drafts_change ON revisions AS RESTRICTIVE FOR UPDATE TO hoso_api USING (state = 'draft');
GRANT UPDATE (sent_at) ON outbox TO hoso_api;
GRANT UPDATE (heard_at) ON commands TO hoso_api;
GRANT DELETE ON sessions TO hoso_api, hoso_worker;
GRANT DELETE ON revisions TO hoso_worker;
-- Events are appended, by nobody changed.
REVOKE UPDATE ON events FROM hoso_worker;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO hoso_worker;

-- A submitted revision is immutable: only its state may move on, its content never.
CREATE FUNCTION revision_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'draft' AND (NEW.content, NEW.sealed, NEW.digest, NEW.profile_id, NEW.number)
            IS DISTINCT FROM (OLD.content, OLD.sealed, OLD.digest, OLD.profile_id, OLD.number) THEN
        RAISE EXCEPTION 'revision % is immutable', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER revision_is_immutable BEFORE UPDATE ON revisions
    FOR EACH ROW EXECUTE FUNCTION revision_is_immutable();

-- At the end of every transaction that moves custody, exactly one agency holds the profile and its row says so
-- (that there is never more than one is an index).
CREATE FUNCTION custody_is_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    profile uuid;
BEGIN
    IF TG_TABLE_NAME = 'custody' THEN
        profile := NEW.profile_id;
    ELSE
        profile := NEW.id;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM custody c JOIN profiles p ON p.id = c.profile_id AND p.agency_id = c.agency_id
            WHERE c.profile_id = profile AND c.ends_on IS NULL) THEN
        RAISE EXCEPTION 'profile % is not held by the agency it names', profile
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'custody_is_whole';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER custody_is_whole AFTER INSERT OR UPDATE ON custody
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION custody_is_whole();
CREATE CONSTRAINT TRIGGER custody_is_whole AFTER UPDATE OF agency_id ON profiles
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.agency_id IS DISTINCT FROM NEW.agency_id)
    EXECUTE FUNCTION custody_is_whole();

CREATE FUNCTION hoso_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('hoso_outbox', '');
    RETURN NULL;
END $$;
CREATE TRIGGER outbox_filled AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION hoso_notify();

-- Who synchronises for a unit: itself with an agency account, else the nearest agency above that has one.
CREATE FUNCTION hoso_sync_agent(unit uuid) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT a.id FROM agency_closure c JOIN agencies a ON a.id = c.ancestor_id
    WHERE c.descendant_id = unit AND c.valid_to IS NULL AND a.has_account AND a.valid_to IS NULL
    ORDER BY c.depth LIMIT 1
$$;

-- Who is asking: the session by the hash of its token, its account and grants, in one round trip. Runs with
-- the caller's rights; the settings it makes last as long as its statement's transaction.
CREATE FUNCTION hoso_identify(token_hash text, at timestamptz) RETURNS json LANGUAGE plpgsql AS $$
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
            'valid_from', g.valid_from, 'valid_to', g.valid_to, 'delegation_of', g.delegation_of) ORDER BY g.valid_from, g.id), '[]')
            FROM grants g WHERE g.account_id = a.id)) INTO answer
        FROM accounts a WHERE a.id = known.account_id AND a.state <> 'cancelled';
    RETURN answer;
END $$;

-- Names are found without regard to case and accents, from the family name on or from the given name back.
CREATE FUNCTION hoso_name_key(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT btrim(regexp_replace(lower(translate(regexp_replace(normalize(name, NFD), '[\u0300-\u036f]', '', 'g'),
        'đĐ', 'dd')), '[^a-z0-9]+', ' ', 'g')) $$;
CREATE FUNCTION hoso_name_back(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT string_agg(w, ' ' ORDER BY n DESC)
        FROM regexp_split_to_table(hoso_name_key(name), ' ') WITH ORDINALITY AS words (w, n) $$;
ALTER TABLE profiles ADD COLUMN name_key text COLLATE "C" GENERATED ALWAYS AS (hoso_name_key(full_name)) STORED,
    ADD COLUMN name_back text COLLATE "C" GENERATED ALWAYS AS (hoso_name_back(full_name)) STORED;
CREATE INDEX ix_profiles_name_key ON profiles (name_key);
CREATE INDEX ix_profiles_name_back ON profiles (name_back);

-- The dossier is handed over before it is accepted (hanoi.art12.1.a): from then on the new agency sees it.
CREATE POLICY handed_over ON profiles FOR SELECT TO hoso_api USING (authority_id = (SELECT hoso_authority())
    AND id IN (SELECT profile_id FROM cases WHERE kind = 'transfer' AND state = 'handed_over'
        AND closed_at IS NULL));

GRANT SELECT ON alembic_version TO hoso_api, hoso_worker, hoso_report;
