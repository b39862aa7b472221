-- Data reviews. New tables, and one nullable column on duties: no table is rewritten, duties are locked for an instant.
ALTER TABLE duties ADD COLUMN report_id UUID;
CREATE INDEX ix_duties_report ON duties (report_id) WHERE report_id IS NOT NULL;

CREATE TABLE reviews (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    period TEXT NOT NULL,
    slot TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    citation TEXT NOT NULL,
    rule_set_hash TEXT NOT NULL,
    state TEXT NOT NULL,
    opens_on DATE NOT NULL,
    nominal_due_on DATE NOT NULL,
    due_on DATE NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closes_at TIMESTAMP WITH TIME ZONE NOT NULL,
    policy_date BOOLEAN NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    measured_at TIMESTAMP WITH TIME ZONE,
    closed_at TIMESTAMP WITH TIME ZONE,
    summary JSONB NOT NULL,
    CONSTRAINT pk_reviews PRIMARY KEY (id),
    CONSTRAINT uq_reviews_authority_id_period UNIQUE (authority_id, period),
    CONSTRAINT ck_reviews_state CHECK (state IN ('open', 'closed')),
    CONSTRAINT fk_reviews_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id)
);

CREATE TABLE review_reports (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    review_id UUID NOT NULL,
    agency_id UUID NOT NULL,
    whole BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    next_wake_at TIMESTAMP WITH TIME ZONE,
    figures JSONB NOT NULL,
    measured_at TIMESTAMP WITH TIME ZONE,
    content JSONB,
    signature_id UUID,
    signer_id UUID,
    signer_role TEXT,
    requested_at TIMESTAMP WITH TIME ZONE,
    sent_at TIMESTAMP WITH TIME ZONE,
    late_days INTEGER NOT NULL,
    document_sha256 TEXT,
    certificate TEXT,
    CONSTRAINT pk_review_reports PRIMARY KEY (id),
    CONSTRAINT uq_review_reports_review_id_agency_id_whole UNIQUE (review_id, agency_id, whole),
    CONSTRAINT ck_review_reports_state CHECK (state IN ('open', 'signing', 'sent', 'missing', 'not_owed')),
    CONSTRAINT fk_review_reports_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_review_reports_review_id FOREIGN KEY(review_id) REFERENCES reviews (id),
    CONSTRAINT fk_review_reports_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id),
    CONSTRAINT fk_review_reports_signer_id FOREIGN KEY(signer_id) REFERENCES accounts (id)
);

CREATE TABLE review_findings (
    review_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    authority_id UUID NOT NULL,
    agency_id UUID NOT NULL,
    faults JSONB NOT NULL,
    measured_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_review_findings PRIMARY KEY (review_id, profile_id),
    CONSTRAINT fk_review_findings_review_id FOREIGN KEY(review_id) REFERENCES reviews (id),
    CONSTRAINT fk_review_findings_profile_id FOREIGN KEY(profile_id) REFERENCES profiles (id),
    CONSTRAINT fk_review_findings_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_review_findings_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id)
);

CREATE INDEX ix_review_reports_document ON review_reports (document_sha256) WHERE document_sha256 IS NOT NULL;

CREATE INDEX ix_review_reports_wake ON review_reports (next_wake_at) WHERE next_wake_at IS NOT NULL;

CREATE INDEX ix_review_findings_agency ON review_findings (review_id, agency_id, profile_id);

-- The campaign is the authority's; a report is its agency's; a finding is seen where the profile stood, and by the person.
CREATE POLICY by_authority ON reviews USING (authority_id = (SELECT hoso_authority()));
CREATE POLICY by_agency ON review_reports USING (authority_id = (SELECT hoso_authority()) AND (
    (SELECT hoso_everything()) OR agency_id IN (SELECT descendant_id FROM agency_closure
        WHERE ancestor_id = ANY ((SELECT hoso_agencies())::uuid[]) AND valid_to IS NULL)));
CREATE POLICY by_agency_or_profile ON review_findings USING (authority_id = (SELECT hoso_authority()) AND (
    (SELECT hoso_everything()) OR profile_id = (SELECT hoso_profile())
    OR agency_id IN (SELECT descendant_id FROM agency_closure
        WHERE ancestor_id = ANY ((SELECT hoso_agencies())::uuid[]) AND valid_to IS NULL)));

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['reviews', 'review_reports', 'review_findings'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO hoso_worker', t);
        EXECUTE format('GRANT SELECT ON %I TO hoso_api, hoso_report', t);
    END LOOP;
END $$;
-- A finding is no fact but the newest measuring: one that no longer holds goes.
GRANT DELETE ON review_findings TO hoso_worker;

-- The agency of the first rank a unit belongs to: the one right below the root; the root for itself.
CREATE FUNCTION hoso_first_rank(unit uuid) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT c.ancestor_id FROM agency_closure c JOIN agencies a ON a.id = c.ancestor_id
    LEFT JOIN agencies up ON up.id = a.parent_id
    WHERE c.descendant_id = unit AND c.valid_to IS NULL AND (a.parent_id IS NULL OR up.parent_id IS NULL)
    ORDER BY c.depth LIMIT 1
$$;
