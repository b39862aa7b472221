-- Expand only: what was allowed by 0086 stays allowed.
-- A submitted revision stays immutable, its digest for ever. Its content goes to nothing only where its profile is
-- disposed of. Whoever says that keys change (`models.record.resealing` opens what it sealed before it is written) may
-- seal the same content under another key, or move whole fields of it from the open behind the seal: of what stays in
-- the open no word changes, and nothing is added there.
CREATE OR REPLACE FUNCTION revision_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    disposed boolean;
BEGIN
    IF OLD.state = 'draft' THEN
        RETURN NEW;
    END IF;
    IF (NEW.digest, NEW.profile_id, NEW.number) IS DISTINCT FROM (OLD.digest, OLD.profile_id, OLD.number) THEN
        RAISE EXCEPTION 'revision % is immutable', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.content IS NOT DISTINCT FROM OLD.content AND NEW.sealed IS NOT DISTINCT FROM OLD.sealed THEN
        RETURN NEW;
    END IF;
    SELECT p.disposed_at IS NOT NULL INTO disposed FROM profiles p WHERE p.id = OLD.profile_id;
    IF coalesce(disposed, false) AND NEW.content = '{}' THEN
        RETURN NEW;
    END IF;
    IF coalesce(current_setting('hoso.resealing', true), '') = 'on' AND NEW.sealed IS DISTINCT FROM OLD.sealed
            AND (NEW.content = OLD.content AND NEW.key_id <> OLD.key_id
                OR NEW.content <> OLD.content AND NOT EXISTS (SELECT 1 FROM jsonb_each(NEW.content) kept
                    WHERE kept.value IS DISTINCT FROM OLD.content -> kept.key)) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'revision % is immutable', OLD.id USING ERRCODE = 'integrity_constraint_violation';
END $$;
