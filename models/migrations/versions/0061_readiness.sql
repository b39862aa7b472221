-- Expand only. What is there already is measured by the morning's round (activities/readiness), page by page; until
-- then it counts as not measured. `profiles` is locked for the instant in which the trigger is made.
CREATE TABLE readiness (
    profile_id UUID NOT NULL,
    authority_id UUID NOT NULL,
    agency_id UUID NOT NULL,
    revision_id UUID,
    marks INTEGER NOT NULL,
    faults JSONB DEFAULT '{}' NOT NULL,
    measured_at TIMESTAMP WITH TIME ZONE,
    basis TEXT,
    CONSTRAINT pk_readiness PRIMARY KEY (profile_id),
    CONSTRAINT fk_readiness_profile_id FOREIGN KEY(profile_id) REFERENCES profiles (id),
    CONSTRAINT fk_readiness_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_readiness_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id)
);
CREATE INDEX ix_readiness_agency ON readiness (agency_id, profile_id);

-- How many profiles of a unit carry which marks: sums of what was added and taken away. Nobody waits for anybody:
-- a change appends its difference, the morning's round puts one row in the place of many.
CREATE TABLE readiness_counts (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    authority_id UUID NOT NULL,
    agency_id UUID NOT NULL,
    marks INTEGER NOT NULL,
    n INTEGER NOT NULL,
    CONSTRAINT pk_readiness_counts PRIMARY KEY (id),
    CONSTRAINT fk_readiness_counts_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_readiness_counts_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id)
);
CREATE INDEX ix_readiness_counts_agency ON readiness_counts (agency_id);

CREATE POLICY by_agency_or_profile ON readiness USING (authority_id = (SELECT hoso_authority()) AND (
    (SELECT hoso_everything()) OR profile_id = (SELECT hoso_profile())
    OR agency_id IN (SELECT descendant_id FROM agency_closure
        WHERE ancestor_id = ANY ((SELECT hoso_agencies())::uuid[]) AND valid_to IS NULL)));
CREATE POLICY by_agency ON readiness_counts USING (authority_id = (SELECT hoso_authority()) AND (
    (SELECT hoso_everything()) OR agency_id IN (SELECT descendant_id FROM agency_closure
        WHERE ancestor_id = ANY ((SELECT hoso_agencies())::uuid[]) AND valid_to IS NULL)));
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['readiness', 'readiness_counts'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('GRANT SELECT, INSERT, DELETE ON %I TO hoso_worker', t);
        EXECUTE format('GRANT SELECT ON %I TO hoso_api, hoso_report', t);
    END LOOP;
END $$;
GRANT UPDATE ON readiness TO hoso_worker;

-- What the profile's own row says: 256 nothing waits for a signature, 512 the national database holds it, 1024 and
-- holds just what is approved. The lower bits are measured on the content (models/lifecycle/readiness.py) and
-- forgotten when another revision stands in its place.
CREATE FUNCTION hoso_standing(pending uuid, approved uuid, synced uuid) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN pending IS NULL AND approved IS NOT NULL THEN 256 ELSE 0 END
        | CASE WHEN synced IS NOT NULL THEN 512 ELSE 0 END
        | CASE WHEN approved IS NOT NULL AND synced = approved THEN 1024 ELSE 0 END $$;

CREATE FUNCTION hoso_readiness() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stands uuid := coalesce(NEW.pending_revision_id, NEW.approved_revision_id);
    bits integer := hoso_standing(NEW.pending_revision_id, NEW.approved_revision_id, NEW.synced_revision_id);
BEGIN
    IF NEW.chapter IN ('separation', 'archive') THEN
        DELETE FROM readiness WHERE profile_id = NEW.id;
        RETURN NULL;
    END IF;
    UPDATE readiness r SET agency_id = NEW.agency_id, revision_id = stands,
        marks = bits | CASE WHEN r.revision_id IS NOT DISTINCT FROM stands THEN r.marks & 255 ELSE 0 END,
        measured_at = CASE WHEN r.revision_id IS NOT DISTINCT FROM stands THEN r.measured_at END
        WHERE r.profile_id = NEW.id;
    IF NOT FOUND THEN
        INSERT INTO readiness (profile_id, authority_id, agency_id, revision_id, marks)
            VALUES (NEW.id, NEW.authority_id, NEW.agency_id, stands, bits);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER readiness_opened AFTER INSERT ON profiles FOR EACH ROW EXECUTE FUNCTION hoso_readiness();
CREATE TRIGGER readiness_moved
    AFTER UPDATE OF pending_revision_id, approved_revision_id, synced_revision_id, agency_id, chapter ON profiles
    FOR EACH ROW EXECUTE FUNCTION hoso_readiness();

CREATE FUNCTION hoso_readiness_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO readiness_counts (authority_id, agency_id, marks, n)
            SELECT authority_id, agency_id, marks, count(*) FROM added GROUP BY 1, 2, 3;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO readiness_counts (authority_id, agency_id, marks, n)
            SELECT authority_id, agency_id, marks, -count(*) FROM gone GROUP BY 1, 2, 3;
    ELSE
        INSERT INTO readiness_counts (authority_id, agency_id, marks, n)
            SELECT authority_id, agency_id, marks, sum(k) FROM (SELECT authority_id, agency_id, marks, 1 AS k FROM added
                UNION ALL SELECT authority_id, agency_id, marks, -1 FROM gone) AS moved
            GROUP BY 1, 2, 3 HAVING sum(k) <> 0;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER readiness_added AFTER INSERT ON readiness REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION hoso_readiness_counted();
CREATE TRIGGER readiness_changed AFTER UPDATE ON readiness REFERENCING OLD TABLE AS gone NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION hoso_readiness_counted();
CREATE TRIGGER readiness_gone AFTER DELETE ON readiness REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION hoso_readiness_counted();
