-- Expand only: code of before records nothing and never looks here. Locks nothing that runs.
CREATE TABLE dossier_reads (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    account_id UUID NOT NULL,
    reader TEXT NOT NULL,
    role TEXT NOT NULL,
    agency_id UUID NOT NULL,
    part TEXT NOT NULL,
    level SMALLINT NOT NULL,
    purpose TEXT,
    citation TEXT,
    delegation_id UUID,
    began_at TIMESTAMP WITH TIME ZONE NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_dossier_reads PRIMARY KEY (id),
    CONSTRAINT ck_dossier_reads_level CHECK (level BETWEEN 1 AND 4),
    CONSTRAINT fk_dossier_reads_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_dossier_reads_profile_id FOREIGN KEY(profile_id) REFERENCES profiles (id),
    CONSTRAINT fk_dossier_reads_account_id FOREIGN KEY(account_id) REFERENCES accounts (id),
    CONSTRAINT fk_dossier_reads_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id)
);
-- The same reader at the same part, in the same quarter of an hour, as the same and for the same: one line.
CREATE UNIQUE INDEX uq_dossier_reads_slice ON dossier_reads (profile_id, account_id, began_at, part, role, coalesce(purpose, ''));
CREATE INDEX ix_dossier_reads_profile ON dossier_reads (profile_id, at DESC, id DESC);

ALTER TABLE dossier_reads ENABLE ROW LEVEL SECURITY;
ALTER TABLE dossier_reads FORCE ROW LEVEL SECURITY;
-- Appended by whoever reads, changed and removed by nobody; the worker, who writes facts, has no hand in it.
GRANT SELECT, INSERT ON dossier_reads TO hoso_api;
GRANT SELECT ON dossier_reads TO hoso_worker, hoso_report;
CREATE POLICY seen ON dossier_reads FOR SELECT USING (authority_id = (SELECT hoso_authority()) AND (
    (SELECT hoso_everything()) OR profile_id = (SELECT hoso_profile()) OR account_id = (SELECT hoso_account())));
CREATE POLICY own_reads ON dossier_reads FOR INSERT TO hoso_api WITH CHECK (
    authority_id = (SELECT hoso_authority()) AND account_id = (SELECT hoso_account())
    AND profile_id IS DISTINCT FROM (SELECT hoso_profile()));
-- Reports are made of figures: that role has no use for what people declared.
REVOKE SELECT ON revisions FROM hoso_report;
GRANT SELECT (id, authority_id, profile_id, number, based_on, form_version, digest, state, author_id, saved_at,
    submitted_at, key_id) ON revisions TO hoso_report;
