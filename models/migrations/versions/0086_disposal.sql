-- Expand only: code of before knows no holds and disposes of nothing.
CREATE TABLE legal_holds (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    document TEXT NOT NULL,
    reason TEXT NOT NULL,
    placed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    placed_by UUID NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    ended_by UUID,
    ended_document TEXT,
    ended_reason TEXT,
    CONSTRAINT pk_legal_holds PRIMARY KEY (id),
    CONSTRAINT ck_legal_holds_ended CHECK ((ended_at IS NULL) = (ended_document IS NULL)),
    CONSTRAINT fk_legal_holds_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_legal_holds_profile_id FOREIGN KEY(profile_id) REFERENCES profiles (id),
    CONSTRAINT fk_legal_holds_placed_by FOREIGN KEY(placed_by) REFERENCES accounts (id),
    CONSTRAINT fk_legal_holds_ended_by FOREIGN KEY(ended_by) REFERENCES accounts (id)
);
CREATE INDEX ix_legal_holds_profile ON legal_holds (profile_id);
ALTER TABLE legal_holds ENABLE ROW LEVEL SECURITY;
ALTER TABLE legal_holds FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON legal_holds TO hoso_worker;
GRANT UPDATE (ended_at, ended_by, ended_document, ended_reason) ON legal_holds TO hoso_worker;
GRANT SELECT ON legal_holds TO hoso_api, hoso_report;
CREATE POLICY by_profile ON legal_holds USING (authority_id = (SELECT hoso_authority()) AND (
    (SELECT hoso_everything()) OR EXISTS (SELECT 1 FROM profiles p WHERE p.id = profile_id)));

-- Documents that went with a file: rows still name them, nobody misses them.
CREATE TABLE disposed_files (
    authority_id UUID NOT NULL,
    sha256 TEXT NOT NULL,
    profile_id UUID NOT NULL,
    disposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_disposed_files PRIMARY KEY (authority_id, sha256, profile_id),
    CONSTRAINT fk_disposed_files_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_disposed_files_profile_id FOREIGN KEY(profile_id) REFERENCES profiles (id)
);
ALTER TABLE disposed_files ENABLE ROW LEVEL SECURITY;
ALTER TABLE disposed_files FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON disposed_files TO hoso_worker;
GRANT SELECT ON disposed_files TO hoso_api, hoso_report;
CREATE POLICY by_authority ON disposed_files USING (authority_id = (SELECT hoso_authority()));

ALTER TABLE cases
    DROP CONSTRAINT ck_cases_kind,
    ADD CONSTRAINT ck_cases_kind CHECK (kind IN ('transfer', 'separation', 'disposal'));
ALTER TABLE slips
    DROP CONSTRAINT ck_slips_kind,
    ADD CONSTRAINT ck_slips_kind CHECK (kind IN ('hand_over', 'receipt', 'end_of_management', 'disposal'));
CREATE INDEX ix_cases_disposal ON cases (authority_id, opened_at) WHERE kind = 'disposal';
ALTER TABLE profiles ADD COLUMN disposed_at TIMESTAMP WITH TIME ZONE;

-- Whoever holds the worker's rights disposes of nothing without an approved case, or while a hold stands; and
-- what was disposed of stays so.
CREATE FUNCTION disposal_is_approved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.disposed_at IS NOT NULL OR NEW.disposed_at IS NULL
            OR NOT EXISTS (SELECT 1 FROM cases c WHERE c.profile_id = NEW.id AND c.kind = 'disposal'
                AND c.state = 'carried_out')
            OR EXISTS (SELECT 1 FROM legal_holds h WHERE h.profile_id = NEW.id AND h.ended_at IS NULL) THEN
        RAISE EXCEPTION 'profile % is not to be disposed of', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'disposal_is_approved';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER disposal_is_approved BEFORE UPDATE OF disposed_at ON profiles
    FOR EACH ROW WHEN (NEW.disposed_at IS DISTINCT FROM OLD.disposed_at) EXECUTE FUNCTION disposal_is_approved();

-- A submitted revision stays immutable, its digest for ever. Its content goes only to nothing, and only where its
-- profile is disposed of; its seal changes then too, or with the same content under another key (0041).
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
    IF NEW.content IS DISTINCT FROM OLD.content OR NEW.key_id = OLD.key_id
            OR coalesce(current_setting('hoso.resealing', true), '') <> 'on' THEN
        RAISE EXCEPTION 'revision % is immutable', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
