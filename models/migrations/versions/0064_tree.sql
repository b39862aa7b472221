-- The day as of which a transaction reads the tree: what it says of itself; else the day in the legal zone, and
-- never one before the last change (a demo's clock may run ahead of the machine's).
ALTER TABLE authorities ADD COLUMN tree_seen_on date;
CREATE FUNCTION hoso_today() RETURNS date LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    said text := current_setting('hoso.today', true);
BEGIN
    IF said <> '' THEN
        RETURN said::date;
    END IF;
    RETURN greatest((statement_timestamp() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date,
        (SELECT a.tree_seen_on FROM authorities a WHERE a.authority_id = hoso_authority()));
END $$;

CREATE TABLE agency_spans (
    agency_id UUID NOT NULL,
    valid_from DATE NOT NULL,
    authority_id UUID NOT NULL,
    valid_to DATE,
    follows DATE,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    parent_id UUID,
    has_account BOOLEAN NOT NULL,
    standing TEXT,
    legacy_code TEXT,
    ended BOOLEAN NOT NULL,
    CONSTRAINT pk_agency_spans PRIMARY KEY (agency_id, valid_from),
    CONSTRAINT uq_agency_spans_agency_id_valid_to UNIQUE (agency_id, valid_to),
    CONSTRAINT fk_agency_spans_agency_id_follows FOREIGN KEY(agency_id, follows) REFERENCES agency_spans (agency_id, valid_to) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT ck_agency_spans_follows CHECK (follows IS NULL OR follows = valid_from),
    CONSTRAINT ck_agency_spans_period CHECK (valid_to IS NULL OR valid_to > valid_from),
    CONSTRAINT ck_agency_spans_standing CHECK (standing IN ('constituent', 'subordinate')),
    CONSTRAINT fk_agency_spans_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id),
    CONSTRAINT fk_agency_spans_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_agency_spans_parent_id FOREIGN KEY(parent_id) REFERENCES agencies (id),
    -- An agency stands in one way at a time, and no two that stand have one code; two may exchange theirs.
    CONSTRAINT ex_agency_spans_overlap EXCLUDE USING gist (
        uuidrange(agency_id, agency_id, '[]') WITH &&, daterange(valid_from, valid_to) WITH &&)
        DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT ex_agency_spans_code EXCLUDE USING gist (
        uuidrange(md5(authority_id::text || code)::uuid, md5(authority_id::text || code)::uuid, '[]') WITH &&,
        daterange(valid_from, valid_to) WITH &&) WHERE (NOT ended) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX ix_agency_spans_authority ON agency_spans (authority_id, valid_from);
CREATE INDEX ix_agency_spans_parent ON agency_spans (parent_id);
CREATE UNIQUE INDEX uq_agency_spans_first ON agency_spans (agency_id) WHERE follows IS NULL;
CREATE UNIQUE INDEX uq_agency_spans_open ON agency_spans (agency_id) WHERE valid_to IS NULL;
CREATE TABLE agency_changes (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    agency_id UUID NOT NULL,
    operation TEXT NOT NULL,
    effective_on DATE NOT NULL,
    document TEXT NOT NULL,
    facts JSONB NOT NULL,
    command_id UUID,
    actor_id UUID,
    case_id UUID,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_agency_changes PRIMARY KEY (id),
    CONSTRAINT fk_agency_changes_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_agency_changes_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id),
    CONSTRAINT fk_agency_changes_actor_id FOREIGN KEY(actor_id) REFERENCES accounts (id)
);
CREATE INDEX ix_agency_changes_agency ON agency_changes (agency_id, effective_on, id);
CREATE INDEX ix_agency_changes_effective ON agency_changes (authority_id, effective_on);
CREATE TABLE agency_links (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    predecessor_id UUID NOT NULL,
    successor_id UUID NOT NULL,
    kind TEXT NOT NULL,
    effective_on DATE NOT NULL,
    document TEXT NOT NULL,
    CONSTRAINT pk_agency_links PRIMARY KEY (id),
    CONSTRAINT ck_agency_links_another CHECK (predecessor_id <> successor_id),
    CONSTRAINT ck_agency_links_kind CHECK (kind IN ('merged', 'consolidated', 'divided', 'separated', 'restored')),
    CONSTRAINT uq_agency_links_predecessor_id_successor_id_effective_on UNIQUE (predecessor_id, successor_id, effective_on),
    CONSTRAINT fk_agency_links_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_agency_links_predecessor_id FOREIGN KEY(predecessor_id) REFERENCES agencies (id),
    CONSTRAINT fk_agency_links_successor_id FOREIGN KEY(successor_id) REFERENCES agencies (id)
);
CREATE INDEX ix_agency_links_successor ON agency_links (successor_id);
CREATE TABLE agency_posts (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    agency_id UUID NOT NULL,
    kind TEXT NOT NULL,
    title TEXT,
    valid_from DATE NOT NULL,
    valid_to DATE,
    document TEXT NOT NULL,
    CONSTRAINT pk_agency_posts PRIMARY KEY (id),
    CONSTRAINT ck_agency_posts_period CHECK (valid_to IS NULL OR valid_to >= valid_from),
    CONSTRAINT fk_agency_posts_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_agency_posts_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id)
);
CREATE INDEX ix_agency_posts_agency ON agency_posts (agency_id, kind);
CREATE TABLE post_holders (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    post_id UUID NOT NULL,
    account_id UUID NOT NULL,
    acting BOOLEAN NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    document TEXT NOT NULL,
    grant_id UUID,
    CONSTRAINT pk_post_holders PRIMARY KEY (id),
    CONSTRAINT ck_post_holders_period CHECK (valid_to IS NULL OR valid_to >= valid_from),
    CONSTRAINT fk_post_holders_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_post_holders_post_id FOREIGN KEY(post_id) REFERENCES agency_posts (id),
    CONSTRAINT fk_post_holders_account_id FOREIGN KEY(account_id) REFERENCES accounts (id),
    CONSTRAINT fk_post_holders_grant_id FOREIGN KEY(grant_id) REFERENCES grants (id),
    -- One account holds a post once at a time.
    CONSTRAINT ex_post_holders_overlap EXCLUDE USING gist (
        uuidrange(md5(post_id::text || account_id::text)::uuid, md5(post_id::text || account_id::text)::uuid, '[]')
        WITH &&, daterange(valid_from, valid_to) WITH &&)
);
CREATE INDEX ix_post_holders_account ON post_holders (account_id);
CREATE INDEX ix_post_holders_post ON post_holders (post_id);
CREATE TABLE agency_quotas (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    agency_id UUID NOT NULL,
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    title TEXT,
    number INTEGER NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    document TEXT NOT NULL,
    CONSTRAINT pk_agency_quotas PRIMARY KEY (id),
    CONSTRAINT ck_agency_quotas_kind CHECK (kind IN ('quota', 'position')),
    CONSTRAINT ck_agency_quotas_number CHECK (number >= 0),
    CONSTRAINT ck_agency_quotas_period CHECK (valid_to IS NULL OR valid_to >= valid_from),
    CONSTRAINT fk_agency_quotas_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_agency_quotas_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id),
    -- One number at a time for each category and each position.
    CONSTRAINT ex_agency_quotas_overlap EXCLUDE USING gist (
        uuidrange(md5(agency_id::text || kind || code)::uuid, md5(agency_id::text || kind || code)::uuid, '[]')
        WITH &&, daterange(valid_from, valid_to) WITH &&)
);
CREATE INDEX ix_agency_quotas_agency ON agency_quotas (agency_id);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['agency_spans', 'agency_changes', 'agency_links', 'agency_posts', 'post_holders',
                             'agency_quotas'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO hoso_worker', t);
        EXECUTE format('GRANT SELECT ON %I TO hoso_api, hoso_report', t);
        -- Like agencies: the tree is no secret to whoever has an account of the authority.
        EXECUTE format('CREATE POLICY by_authority ON %I USING (authority_id = (SELECT hoso_authority()))', t);
    END LOOP;
END $$;
-- What is to come may be arranged anew; what was done and on which document stays.
GRANT UPDATE, DELETE ON agency_spans TO hoso_worker;
GRANT UPDATE (withdrawn_at) ON agency_changes TO hoso_worker;
GRANT DELETE ON agency_links TO hoso_worker;
GRANT UPDATE (title, valid_to) ON agency_posts TO hoso_worker;
GRANT UPDATE (valid_to) ON post_holders TO hoso_worker;
GRANT UPDATE (valid_to) ON agency_quotas TO hoso_worker;

-- The closure with its days, past and to come. The name of before shows today's lines to everybody who asks by it:
-- queries, functions and policies.
CREATE TEMPORARY TABLE closure_policies ON COMMIT DROP AS
    SELECT tablename, policyname, qual, with_check FROM pg_policies
    WHERE schemaname = 'public' AND (qual LIKE '%agency_closure%' OR with_check LIKE '%agency_closure%');
ALTER TABLE agency_closure RENAME TO agency_lines;
GRANT DELETE ON agency_lines TO hoso_worker;
CREATE VIEW agency_closure WITH (security_invoker = true) AS
    SELECT authority_id, ancestor_id, descendant_id, valid_from, depth, NULL::date AS valid_to FROM agency_lines
    WHERE valid_from <= (SELECT hoso_today()) AND (valid_to IS NULL OR valid_to > (SELECT hoso_today()));
GRANT SELECT ON agency_closure TO hoso_api, hoso_report;
GRANT SELECT, INSERT, UPDATE ON agency_closure TO hoso_worker;
DO $$
DECLARE
    p record;
BEGIN
    FOR p IN SELECT * FROM closure_policies LOOP
        EXECUTE format('ALTER POLICY %I ON %I', p.policyname, p.tablename)
            || coalesce(' USING (' || p.qual || ')', '') || coalesce(' WITH CHECK (' || p.with_check || ')', '');
    END LOOP;
END $$;

-- How agencies stand today, whatever day their own rows were last brought to.
CREATE VIEW agencies_today WITH (security_invoker = true) AS
    SELECT agency_id AS id, authority_id, code, name, kind, parent_id, has_account, standing, legacy_code,
        valid_from, NULL::date AS valid_to
    FROM agency_spans
    WHERE valid_from <= (SELECT hoso_today()) AND (valid_to IS NULL OR valid_to > (SELECT hoso_today()))
        AND NOT ended;
GRANT SELECT ON agencies_today TO hoso_api, hoso_report, hoso_worker;

-- Who synchronises for a unit: itself with an agency account, else the nearest agency above that has one.
CREATE OR REPLACE FUNCTION hoso_sync_agent(unit uuid) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT a.id FROM agency_closure c JOIN agencies_today a ON a.id = c.ancestor_id
    WHERE c.descendant_id = unit AND a.has_account
    ORDER BY c.depth LIMIT 1
$$;

-- A code that is free again may be given again (QĐ 09/2025/QĐ-TTg): agency_spans keeps it to one at a time.
ALTER TABLE agencies DROP CONSTRAINT uq_agencies_authority_id_code;
CREATE INDEX ix_agencies_code ON agencies (authority_id, code);

-- From what stands: parents from the lines of before with their days, the rest as it is now. Row-level security
-- holds the owner too, hence the scope.
DO $$
DECLARE
    authority uuid;
BEGIN
    FOR authority IN SELECT authority_id FROM authorities LOOP
        PERFORM set_config('hoso.authority', authority::text, true), set_config('hoso.scope', 'authority', true);
        DELETE FROM agency_lines WHERE valid_to <= valid_from;
        INSERT INTO agency_spans (agency_id, valid_from, authority_id, valid_to, follows, code, name, kind,
                parent_id, has_account, standing, ended)
            WITH cuts AS (
                SELECT g.id, g.valid_from AS day FROM agencies g
                UNION SELECT g.id, g.valid_to FROM agencies g WHERE g.valid_to IS NOT NULL
                UNION SELECT g.id, e.day FROM agencies g JOIN agency_lines l ON l.descendant_id = g.id AND l.depth = 1,
                    LATERAL (VALUES (l.valid_from), (l.valid_to)) AS e (day)
                WHERE e.day > g.valid_from AND (g.valid_to IS NULL OR e.day < g.valid_to))
            SELECT g.id, c.day, g.authority_id, lead(c.day) OVER w,
                CASE WHEN lag(c.day) OVER w IS NOT NULL THEN c.day END, g.code, g.name, g.kind,
                (SELECT l.ancestor_id FROM agency_lines l WHERE l.descendant_id = g.id AND l.depth = 1
                    AND l.valid_from <= c.day AND (l.valid_to IS NULL OR l.valid_to > c.day)),
                g.has_account, g.standing, g.valid_to IS NOT NULL AND c.day >= g.valid_to
            FROM cuts c JOIN agencies g ON g.id = c.id WINDOW w AS (PARTITION BY c.id ORDER BY c.day);
        INSERT INTO agency_changes (id, authority_id, agency_id, operation, effective_on, document, facts, recorded_at)
            SELECT gen_random_uuid(), g.authority_id, g.id, 'create', g.valid_from, '', '{}', now() FROM agencies g;
        UPDATE authorities SET tree_seen_on = (SELECT max(greatest(l.valid_from, l.valid_to)) FROM agency_lines l)
            WHERE authority_id = authority;
        -- Every post of before is a role in an agency: its holders are those who have the role.
        INSERT INTO agency_posts (id, authority_id, agency_id, kind, valid_from, document)
            SELECT gen_random_uuid(), authority, g.agency_id, g.role, min(g.valid_from), '' FROM grants g
            WHERE g.delegation_of IS NULL AND g.role IN ('head', 'hr_head', 'hr_officer', 'approver', 'sync_agent',
                'archivist', 'department_head', 'department_officer') GROUP BY g.agency_id, g.role;
        INSERT INTO post_holders (id, authority_id, post_id, account_id, acting, valid_from, valid_to, document, grant_id)
            SELECT gen_random_uuid(), authority, p.id, g.account_id, false, g.valid_from, g.valid_to,
                coalesce(g.document, ''), g.id
            FROM grants g JOIN agency_posts p ON p.agency_id = g.agency_id AND p.kind = g.role
            WHERE g.delegation_of IS NULL AND NOT EXISTS (SELECT 1 FROM grants o
                WHERE o.account_id = g.account_id AND o.agency_id = g.agency_id AND o.role = g.role
                    AND o.delegation_of IS NULL AND o.id < g.id
                    AND daterange(o.valid_from, o.valid_to) && daterange(g.valid_from, g.valid_to));
        SET CONSTRAINTS ALL IMMEDIATE;
        SET CONSTRAINTS ALL DEFERRED;
        PERFORM set_config('hoso.authority', '', true), set_config('hoso.scope', '', true);
    END LOOP;
END $$;

-- A holder has the role as long as the grant says, whoever ended it.
CREATE FUNCTION holder_follows_grant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE post_holders SET valid_to = NEW.valid_to WHERE grant_id = NEW.id AND valid_to IS DISTINCT FROM NEW.valid_to;
    RETURN NULL;
END $$;
CREATE TRIGGER holder_follows_grant AFTER UPDATE OF valid_to ON grants
    FOR EACH ROW WHEN (OLD.valid_to IS DISTINCT FROM NEW.valid_to) EXECUTE FUNCTION holder_follows_grant();

-- Until the contraction: whoever writes agencies or lines as before writes spans and dated lines, too. Code that
-- keeps the tree says so (hoso.tree) and is left alone.
CREATE FUNCTION agency_span_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    over boolean := NEW.valid_to IS NOT NULL;
    last agency_spans;
    day date;
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO agency_spans (agency_id, valid_from, authority_id, valid_to, code, name, kind, parent_id,
                has_account, standing, ended)
            VALUES (NEW.id, NEW.valid_from, NEW.authority_id, nullif(NEW.valid_to, NEW.valid_from), NEW.code, NEW.name,
                NEW.kind, NEW.parent_id, NEW.has_account, NEW.standing, over AND NEW.valid_to = NEW.valid_from);
        IF NEW.valid_to > NEW.valid_from THEN
            INSERT INTO agency_spans (agency_id, valid_from, authority_id, follows, code, name, kind, parent_id,
                    has_account, standing, ended)
                VALUES (NEW.id, NEW.valid_to, NEW.authority_id, NEW.valid_to, NEW.code, NEW.name, NEW.kind,
                    NEW.parent_id, NEW.has_account, NEW.standing, true);
        END IF;
        UPDATE authorities SET tree_seen_on = NEW.valid_from
            WHERE authority_id = NEW.authority_id AND (tree_seen_on IS NULL OR tree_seen_on < NEW.valid_from);
        RETURN NULL;
    END IF;
    SELECT * INTO last FROM agency_spans WHERE agency_id = NEW.id AND valid_to IS NULL;
    day := greatest(coalesce(NEW.valid_to, hoso_today()), last.valid_from);
    IF day > last.valid_from THEN
        UPDATE agency_spans SET valid_to = day WHERE agency_id = NEW.id AND valid_from = last.valid_from;
        INSERT INTO agency_spans (agency_id, valid_from, authority_id, follows, code, name, kind, parent_id,
                has_account, standing, legacy_code, ended)
            VALUES (NEW.id, day, NEW.authority_id, day, NEW.code, NEW.name, NEW.kind, NEW.parent_id, NEW.has_account,
                NEW.standing, last.legacy_code, over);
    ELSE
        UPDATE agency_spans SET code = NEW.code, name = NEW.name, kind = NEW.kind, parent_id = NEW.parent_id,
                has_account = NEW.has_account, standing = NEW.standing, ended = over
            WHERE agency_id = NEW.id AND valid_from = last.valid_from;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER agency_span_begun AFTER INSERT ON agencies FOR EACH ROW
    WHEN (coalesce(current_setting('hoso.tree', true), '') <> 'kept') EXECUTE FUNCTION agency_span_kept();
CREATE TRIGGER agency_span_kept AFTER UPDATE ON agencies FOR EACH ROW
    WHEN (coalesce(current_setting('hoso.tree', true), '') <> 'kept' AND OLD IS DISTINCT FROM NEW)
    EXECUTE FUNCTION agency_span_kept();
CREATE FUNCTION agency_line_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO agency_lines (authority_id, ancestor_id, descendant_id, valid_from, depth, valid_to)
            VALUES (NEW.authority_id, NEW.ancestor_id, NEW.descendant_id, NEW.valid_from, NEW.depth, NEW.valid_to);
    ELSE
        UPDATE agency_lines SET valid_to = NEW.valid_to, depth = NEW.depth WHERE ancestor_id = OLD.ancestor_id
            AND descendant_id = OLD.descendant_id AND valid_from = OLD.valid_from;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER agency_line_kept INSTEAD OF INSERT OR UPDATE ON agency_closure
    FOR EACH ROW EXECUTE FUNCTION agency_line_kept();
