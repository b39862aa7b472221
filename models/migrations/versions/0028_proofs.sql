-- Expand only: code of before signs without proofs and knows none of these tables.
CREATE TABLE signature_materials (
    authority_id UUID NOT NULL,
    sha256 TEXT NOT NULL,
    kind TEXT NOT NULL,
    content BYTEA NOT NULL,
    CONSTRAINT pk_signature_materials PRIMARY KEY (authority_id, sha256),
    CONSTRAINT fk_signature_materials_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT ck_signature_materials_kind CHECK (kind IN ('certificate', 'ocsp', 'crl', 'timestamp'))
);

CREATE TABLE signature_proofs (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    kind TEXT NOT NULL,
    document_sha256 TEXT NOT NULL,
    content_digest TEXT NOT NULL,
    level TEXT NOT NULL,
    certificate TEXT NOT NULL,
    chain JSONB NOT NULL,
    answers JSONB NOT NULL,
    token TEXT,
    rule_set_hash TEXT,
    delegation_id UUID,
    signed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    stamped_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_signature_proofs PRIMARY KEY (id),
    CONSTRAINT fk_signature_proofs_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT ck_signature_proofs_kind CHECK (kind IN ('approval', 'report', 'list')),
    CONSTRAINT ck_signature_proofs_level CHECK (level IN ('B-B', 'B-T', 'B-LT', 'B-LTA')),
    CONSTRAINT ck_signature_proofs_stamped CHECK ((level = 'B-B') = (token IS NULL) AND (token IS NULL) = (stamped_at IS NULL))
);
CREATE INDEX ix_signature_proofs_document ON signature_proofs (document_sha256);

CREATE TABLE signing_troubles (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    kind TEXT NOT NULL,
    signer_id UUID,
    reason TEXT NOT NULL,
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    tried_at TIMESTAMP WITH TIME ZONE NOT NULL,
    tries INTEGER NOT NULL,
    CONSTRAINT pk_signing_troubles PRIMARY KEY (id),
    CONSTRAINT fk_signing_troubles_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT ck_signing_troubles_kind CHECK (kind IN ('approval', 'report', 'list'))
);

CREATE TABLE archived_files (
    authority_id UUID NOT NULL,
    document_sha256 TEXT NOT NULL,
    current_sha256 TEXT NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    renewals INTEGER NOT NULL,
    renewed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    trouble TEXT,
    tried_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_archived_files PRIMARY KEY (authority_id, document_sha256),
    CONSTRAINT fk_archived_files_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id)
);
CREATE INDEX ix_archived_files_ends_at ON archived_files (authority_id, ends_at, document_sha256);

CREATE POLICY by_authority ON signature_materials USING (authority_id = (SELECT hoso_authority()));
CREATE POLICY by_authority ON signature_proofs USING (authority_id = (SELECT hoso_authority()));
CREATE POLICY by_authority ON signing_troubles USING (authority_id = (SELECT hoso_authority()));
CREATE POLICY by_authority ON archived_files USING (authority_id = (SELECT hoso_authority()));
ALTER TABLE signature_materials ENABLE ROW LEVEL SECURITY;
ALTER TABLE signature_materials FORCE ROW LEVEL SECURITY;
ALTER TABLE signature_proofs ENABLE ROW LEVEL SECURITY;
ALTER TABLE signature_proofs FORCE ROW LEVEL SECURITY;
ALTER TABLE signing_troubles ENABLE ROW LEVEL SECURITY;
ALTER TABLE signing_troubles FORCE ROW LEVEL SECURITY;
ALTER TABLE archived_files ENABLE ROW LEVEL SECURITY;
ALTER TABLE archived_files FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON signature_materials, signature_proofs TO hoso_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON signing_troubles TO hoso_worker;
GRANT SELECT, INSERT, UPDATE ON archived_files TO hoso_worker;
GRANT SELECT ON signature_materials, signature_proofs, signing_troubles, archived_files TO hoso_api, hoso_report;
