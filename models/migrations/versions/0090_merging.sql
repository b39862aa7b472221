-- Expand only: code of before merges nothing. Short locks on profiles (a column without default, a partial index
-- that holds no row yet) and on cases (a wider check, a partial index likewise).
ALTER TABLE profiles ADD COLUMN merged_into UUID;
ALTER TABLE profiles ADD CONSTRAINT fk_profiles_merged_into FOREIGN KEY(merged_into) REFERENCES profiles (id);
CREATE INDEX ix_profiles_merged ON profiles (merged_into) WHERE merged_into IS NOT NULL;
ALTER TABLE cases
    DROP CONSTRAINT ck_cases_kind,
    ADD CONSTRAINT ck_cases_kind CHECK (kind IN ('transfer', 'separation', 'disposal', 'merge'));
CREATE INDEX ix_cases_merge ON cases (authority_id, opened_at) WHERE kind = 'merge';

-- Whoever holds the worker's rights closes no profile into another without a case carried out; it stays closed,
-- and what it points at is of the same authority and points nowhere itself.
CREATE FUNCTION merge_is_approved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.merged_into IS NULL OR NEW.merged_into = NEW.id OR NEW.chapter <> 'archive'
            OR NOT EXISTS (SELECT 1 FROM cases c WHERE c.profile_id = NEW.id AND c.kind = 'merge'
                AND c.state = 'carried_out')
            OR NOT EXISTS (SELECT 1 FROM profiles s WHERE s.id = NEW.merged_into
                AND s.authority_id = NEW.authority_id AND s.merged_into IS NULL) THEN
        RAISE EXCEPTION 'profile % is not to be merged', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'merge_is_approved';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER merge_is_approved BEFORE UPDATE OF merged_into ON profiles
    FOR EACH ROW WHEN (NEW.merged_into IS DISTINCT FROM OLD.merged_into) EXECUTE FUNCTION merge_is_approved();
CREATE TRIGGER merged_stays_closed BEFORE UPDATE OF chapter ON profiles
    FOR EACH ROW WHEN (OLD.merged_into IS NOT NULL AND NEW.chapter <> 'archive') EXECUTE FUNCTION merge_is_approved();
