-- Expand only: code of before keeps no receipts and writes no refusals.
ALTER TABLE month_items ADD COLUMN refusal JSONB;

CREATE TABLE national_receipts (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    submission_id UUID NOT NULL,
    agency_id UUID NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    items INTEGER NOT NULL,
    settled INTEGER NOT NULL,
    sealed BYTEA NOT NULL,
    key_id TEXT NOT NULL,
    CONSTRAINT pk_national_receipts PRIMARY KEY (id),
    CONSTRAINT uq_national_receipts_submission_id_sha256 UNIQUE (submission_id, sha256),
    CONSTRAINT fk_national_receipts_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_national_receipts_submission_id FOREIGN KEY(submission_id) REFERENCES submissions (id),
    CONSTRAINT fk_national_receipts_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id)
);

ALTER TABLE national_receipts ENABLE ROW LEVEL SECURITY;
ALTER TABLE national_receipts FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON national_receipts TO hoso_worker;
-- Never another receipt: a change of keys seals the same bytes anew.
GRANT UPDATE (sealed, key_id) ON national_receipts TO hoso_worker;
GRANT SELECT ON national_receipts TO hoso_api, hoso_report;
CREATE POLICY by_agency ON national_receipts USING (authority_id = (SELECT hoso_authority()) AND (
    (SELECT hoso_everything()) OR agency_id IN (SELECT descendant_id FROM agency_closure
        WHERE ancestor_id = ANY ((SELECT hoso_agencies())::uuid[]) AND valid_to IS NULL)));
