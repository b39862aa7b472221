-- What a session's signature is for: until now always an approval, and still so for a worker of before, which
-- finds sessions by their profile. Others name their subject instead, so that it never meets one of them.
ALTER TABLE signing_sessions
    DROP CONSTRAINT fk_signing_sessions_document_id,
    ALTER COLUMN profile_id DROP NOT NULL,
    ALTER COLUMN revision_id DROP NOT NULL,
    ALTER COLUMN revision DROP NOT NULL,
    ADD COLUMN kind TEXT NOT NULL DEFAULT 'approval',
    ADD COLUMN subject_id UUID,
    ADD COLUMN document TEXT,
    ADD COLUMN approval_id UUID GENERATED ALWAYS AS (CASE WHEN kind = 'approval' THEN document_id END) STORED,
    ADD COLUMN list_id UUID GENERATED ALWAYS AS (CASE WHEN kind = 'list' THEN document_id END) STORED,
    ADD COLUMN report_id UUID GENERATED ALWAYS AS (CASE WHEN kind = 'report' THEN document_id END) STORED,
    ADD COLUMN export_id UUID GENERATED ALWAYS AS (CASE WHEN kind = 'export' THEN document_id END) STORED,
    ADD CONSTRAINT ck_signing_sessions_kind CHECK (kind IN ('approval', 'list', 'report', 'export')),
    ADD CONSTRAINT ck_signing_sessions_subject CHECK (CASE WHEN kind = 'approval'
        THEN profile_id IS NOT NULL AND revision_id IS NOT NULL AND revision IS NOT NULL
        ELSE subject_id IS NOT NULL AND profile_id IS NULL END),
    ADD CONSTRAINT fk_signing_sessions_approval_id FOREIGN KEY(approval_id) REFERENCES approvals (id),
    ADD CONSTRAINT fk_signing_sessions_list_id FOREIGN KEY(list_id) REFERENCES approval_lists (id),
    ADD CONSTRAINT fk_signing_sessions_report_id FOREIGN KEY(report_id) REFERENCES review_reports (id),
    ADD CONSTRAINT fk_signing_sessions_export_id FOREIGN KEY(export_id) REFERENCES exports (id);
CREATE INDEX ix_signing_sessions_subject ON signing_sessions (subject_id) WHERE closed_at IS NULL;

-- A person's signature on an export has its proof and its troubles like any other.
ALTER TABLE signature_proofs
    DROP CONSTRAINT ck_signature_proofs_kind,
    ADD CONSTRAINT ck_signature_proofs_kind CHECK (kind IN ('approval', 'report', 'list', 'export'));
ALTER TABLE signing_troubles
    DROP CONSTRAINT ck_signing_troubles_kind,
    ADD CONSTRAINT ck_signing_troubles_kind CHECK (kind IN ('approval', 'report', 'list', 'export'));
