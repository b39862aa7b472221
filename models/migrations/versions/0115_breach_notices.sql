-- Expand only: code of before makes no such file.
CREATE TABLE breach_notices (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    breach_id UUID NOT NULL,
    state TEXT NOT NULL,
    document TEXT NOT NULL,
    sealer_id UUID NOT NULL,
    asked_by UUID NOT NULL,
    asked_role TEXT NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    rule_set_hash TEXT NOT NULL,
    document_sha256 TEXT,
    certificate TEXT,
    made_at TIMESTAMP WITH TIME ZONE,
    failure TEXT,
    CONSTRAINT pk_breach_notices PRIMARY KEY (id),
    CONSTRAINT ck_breach_notices_state CHECK (state IN ('making', 'made', 'failed')),
    CONSTRAINT ck_breach_notices_made CHECK (state <> 'made' OR document_sha256 IS NOT NULL AND made_at IS NOT NULL),
    CONSTRAINT ck_breach_notices_failed CHECK ((state = 'failed') = (failure IS NOT NULL)),
    CONSTRAINT fk_breach_notices_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_breach_notices_breach_id FOREIGN KEY(breach_id) REFERENCES breaches (id),
    CONSTRAINT fk_breach_notices_sealer_id FOREIGN KEY(sealer_id) REFERENCES agencies (id),
    CONSTRAINT fk_breach_notices_asked_by FOREIGN KEY(asked_by) REFERENCES accounts (id)
);
CREATE INDEX ix_breach_notices_breach ON breach_notices (breach_id, asked_at);
CREATE INDEX ix_breach_notices_document ON breach_notices (document_sha256);
-- One at a time: each is made under the number it was asked for with.
CREATE UNIQUE INDEX uq_breach_notices_making ON breach_notices (breach_id) WHERE state = 'making';
ALTER TABLE breach_notices ENABLE ROW LEVEL SECURITY;
ALTER TABLE breach_notices FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON breach_notices TO hoso_worker;
GRANT UPDATE (state, document_sha256, certificate, made_at, failure) ON breach_notices TO hoso_worker;
GRANT SELECT ON breach_notices TO hoso_api, hoso_report;
-- Seen where the breach happened and above; the people it concerns see the breach, not the file: it tells the whole
-- matter, of others too.
CREATE POLICY by_breach ON breach_notices USING (authority_id = (SELECT hoso_authority()) AND (
    (SELECT hoso_everything()) OR EXISTS (SELECT 1 FROM breaches b WHERE b.id = breach_id AND b.agency_id IN (
        SELECT descendant_id FROM agency_closure
        WHERE ancestor_id = ANY ((SELECT hoso_agencies())::uuid[]) AND valid_to IS NULL))));

-- What a worker of before writes stays as it was.
ALTER TABLE signature_proofs
    DROP CONSTRAINT ck_signature_proofs_kind,
    ADD CONSTRAINT ck_signature_proofs_kind
        CHECK (kind IN ('approval', 'report', 'list', 'export', 'slip', 'breach'));
ALTER TABLE signing_troubles
    DROP CONSTRAINT ck_signing_troubles_kind,
    ADD CONSTRAINT ck_signing_troubles_kind
        CHECK (kind IN ('approval', 'report', 'list', 'export', 'slip', 'breach'));
