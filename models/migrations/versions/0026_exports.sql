-- Expand only. Names change; what was approved stays under the names of its day, so that it can be exported
-- as it was. Approvals of before have none: the names of today are taken. A trigger fills them: an approval is inserted in more than one place, by code of before as well.
ALTER TABLE approvals ADD COLUMN agency_name TEXT;
ALTER TABLE approvals ADD COLUMN authority_name TEXT;

CREATE FUNCTION hoso_approval_names() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT coalesce(NEW.agency_name, a.name), coalesce(NEW.authority_name, u.name)
      INTO NEW.agency_name, NEW.authority_name
      FROM profiles p JOIN agencies a ON a.id = p.agency_id
      JOIN authorities u ON u.authority_id = p.authority_id
     WHERE p.id = NEW.profile_id;
    RETURN NEW;
END $$;
CREATE TRIGGER names_of_the_day BEFORE INSERT ON approvals
    FOR EACH ROW EXECUTE FUNCTION hoso_approval_names();

CREATE TABLE exports (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    revision_id UUID NOT NULL,
    command_id UUID NOT NULL,
    legal BOOLEAN NOT NULL,
    purpose TEXT NOT NULL,
    recipient TEXT NOT NULL,
    as_of DATE NOT NULL,
    digest TEXT NOT NULL,
    asked_by UUID NOT NULL,
    asked_role TEXT NOT NULL,
    on_behalf_of UUID,
    delegation_id UUID,
    places JSONB NOT NULL,
    rule_ids JSONB NOT NULL,
    citation TEXT,
    rule_set_hash TEXT NOT NULL,
    state TEXT NOT NULL,
    failure TEXT,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE,
    document_sha256 TEXT,
    certificates JSONB NOT NULL DEFAULT '[]',
    CONSTRAINT pk_exports PRIMARY KEY (id),
    CONSTRAINT uq_exports_command_id UNIQUE (command_id),
    CONSTRAINT ck_exports_state CHECK (state IN ('making', 'made', 'failed')),
    CONSTRAINT ck_exports_made CHECK (state <> 'made' OR (document_sha256 IS NOT NULL AND made_at IS NOT NULL)),
    CONSTRAINT fk_exports_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_exports_profile_id FOREIGN KEY(profile_id) REFERENCES profiles (id),
    CONSTRAINT fk_exports_revision_id FOREIGN KEY(revision_id) REFERENCES revisions (id),
    CONSTRAINT fk_exports_asked_by FOREIGN KEY(asked_by) REFERENCES accounts (id),
    CONSTRAINT fk_exports_on_behalf_of FOREIGN KEY(on_behalf_of) REFERENCES accounts (id),
    CONSTRAINT fk_exports_delegation_id FOREIGN KEY(delegation_id) REFERENCES delegations (id)
);
CREATE INDEX ix_exports_profile ON exports (profile_id, asked_at);
CREATE INDEX ix_exports_document ON exports (document_sha256) WHERE document_sha256 IS NOT NULL;

ALTER TABLE exports ENABLE ROW LEVEL SECURITY;
ALTER TABLE exports FORCE ROW LEVEL SECURITY;
CREATE POLICY by_profile ON exports USING (authority_id = (SELECT hoso_authority()) AND (
    (SELECT hoso_everything()) OR profile_id = (SELECT hoso_profile())
    OR EXISTS (SELECT 1 FROM profiles p WHERE p.id = profile_id)));
GRANT SELECT, INSERT, UPDATE ON exports TO hoso_worker;
GRANT SELECT ON exports TO hoso_api, hoso_report;
