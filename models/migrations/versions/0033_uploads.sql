-- Expand only: code of before keeps files as they came and says nothing of them.
ALTER TABLE attachments ADD COLUMN original_sha256 TEXT;
ALTER TABLE attachments ADD COLUMN original_size INTEGER;
ALTER TABLE attachments ADD COLUMN width INTEGER;
ALTER TABLE attachments ADD COLUMN height INTEGER;
ALTER TABLE attachments ADD COLUMN pages INTEGER;
ALTER TABLE attachments ADD COLUMN turned BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE attachments ADD COLUMN removed JSONB NOT NULL DEFAULT '[]';
ALTER TABLE attachments ADD COLUMN findings JSONB NOT NULL DEFAULT '[]';
ALTER TABLE attachments ADD COLUMN signatures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attachments ADD COLUMN certified_by TEXT;
ALTER TABLE attachments ADD COLUMN certified_on DATE;
ALTER TABLE attachments ADD CONSTRAINT ck_attachments_certified
    CHECK ((certified_by IS NULL) = (certified_on IS NULL));

CREATE TABLE uploads (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    account_id UUID NOT NULL,
    length INTEGER NOT NULL,
    received INTEGER NOT NULL,
    media_type TEXT NOT NULL,
    kind TEXT NOT NULL,
    certified_by TEXT,
    certified_on DATE,
    sha256 TEXT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_uploads PRIMARY KEY (id),
    CONSTRAINT ck_uploads_received CHECK (received BETWEEN 0 AND length),
    CONSTRAINT fk_uploads_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_uploads_profile_id FOREIGN KEY(profile_id) REFERENCES profiles (id)
);
CREATE INDEX ix_uploads_expiry ON uploads (authority_id, expires_at);
CREATE INDEX ix_uploads_account ON uploads (account_id);
CREATE TABLE upload_parts (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    upload_id UUID NOT NULL,
    starts_at INTEGER NOT NULL,
    sealed BYTEA NOT NULL,
    key_id TEXT NOT NULL,
    CONSTRAINT pk_upload_parts PRIMARY KEY (id),
    -- Two parts never begin at the same byte: whoever comes second was told another offset.
    CONSTRAINT uq_upload_parts_upload_id_starts_at UNIQUE (upload_id, starts_at),
    CONSTRAINT fk_upload_parts_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_upload_parts_upload_id FOREIGN KEY(upload_id) REFERENCES uploads (id) ON DELETE CASCADE
);
-- An upload is its account's alone until it is an attachment; who clears away sees all of the authority.
CREATE POLICY by_account ON uploads USING (authority_id = (SELECT hoso_authority())
    AND ((SELECT hoso_everything()) OR account_id = (SELECT hoso_account())));
CREATE POLICY by_upload ON upload_parts USING (authority_id = (SELECT hoso_authority())
    AND EXISTS (SELECT 1 FROM uploads u WHERE u.id = upload_id));
ALTER TABLE uploads ENABLE ROW LEVEL SECURITY;
ALTER TABLE uploads FORCE ROW LEVEL SECURITY;
ALTER TABLE upload_parts ENABLE ROW LEVEL SECURITY;
ALTER TABLE upload_parts FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, DELETE ON uploads, upload_parts TO hoso_api;
GRANT UPDATE (received, sha256) ON uploads TO hoso_api;
GRANT SELECT ON uploads, upload_parts TO hoso_worker, hoso_report;
