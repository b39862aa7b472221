-- Expand only: code of before goes on approving one by one, and writes none of this.
CREATE TABLE approval_lists (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    agency_month_id UUID NOT NULL,
    command_id UUID NOT NULL,
    account_id UUID NOT NULL,
    account_role TEXT NOT NULL,
    on_behalf_of UUID,
    delegation_id UUID,
    state TEXT NOT NULL,
    size INTEGER,
    root TEXT,
    digest TEXT,
    prepared_sha256 TEXT,
    document_sha256 TEXT,
    certificate TEXT,
    reason TEXT,
    requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    shown_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_approval_lists PRIMARY KEY (id),
    CONSTRAINT uq_approval_lists_command_id UNIQUE (command_id),
    CONSTRAINT ck_approval_lists_state CHECK (state IN ('cutting', 'shown', 'signing', 'signed', 'failed', 'superseded')),
    CONSTRAINT ck_approval_lists_shown CHECK (state NOT IN ('shown', 'signing', 'signed')
        OR (size IS NOT NULL AND root IS NOT NULL AND digest IS NOT NULL AND prepared_sha256 IS NOT NULL)),
    CONSTRAINT ck_approval_lists_signed CHECK (state <> 'signed' OR (document_sha256 IS NOT NULL AND certificate IS NOT NULL)),
    CONSTRAINT ck_approval_lists_on_behalf CHECK ((on_behalf_of IS NULL) = (delegation_id IS NULL)),
    CONSTRAINT fk_approval_lists_authority_id FOREIGN KEY (authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_approval_lists_agency_month_id FOREIGN KEY (agency_month_id) REFERENCES agency_months (id),
    CONSTRAINT fk_approval_lists_command_id FOREIGN KEY (command_id) REFERENCES commands (id),
    CONSTRAINT fk_approval_lists_account_id FOREIGN KEY (account_id) REFERENCES accounts (id),
    CONSTRAINT fk_approval_lists_on_behalf_of FOREIGN KEY (on_behalf_of) REFERENCES accounts (id),
    CONSTRAINT fk_approval_lists_delegation_id FOREIGN KEY (delegation_id) REFERENCES delegations (id)
);
CREATE INDEX ix_approval_lists_month ON approval_lists (agency_month_id);
CREATE INDEX ix_approval_lists_document ON approval_lists (document_sha256) WHERE document_sha256 IS NOT NULL;

CREATE TABLE approval_list_rows (
    list_id UUID NOT NULL,
    position INTEGER NOT NULL,
    authority_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    revision_id UUID NOT NULL,
    digest TEXT NOT NULL,
    changes JSONB NOT NULL,
    risk SMALLINT NOT NULL,
    CONSTRAINT pk_approval_list_rows PRIMARY KEY (list_id, position),
    CONSTRAINT uq_approval_list_rows_list_id_profile_id UNIQUE (list_id, profile_id),
    CONSTRAINT ck_approval_list_rows_position CHECK (position BETWEEN 1 AND 5000),
    CONSTRAINT fk_approval_list_rows_list_id FOREIGN KEY (list_id) REFERENCES approval_lists (id),
    CONSTRAINT fk_approval_list_rows_authority_id FOREIGN KEY (authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_approval_list_rows_profile_id FOREIGN KEY (profile_id) REFERENCES profiles (id),
    CONSTRAINT fk_approval_list_rows_revision_id FOREIGN KEY (revision_id) REFERENCES revisions (id)
);

CREATE TABLE approval_results (
    command_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    authority_id UUID NOT NULL,
    agency_month_id UUID NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_approval_results PRIMARY KEY (command_id, profile_id),
    CONSTRAINT ck_approval_results_outcome CHECK (outcome IN ('approved', 'stays')),
    CONSTRAINT ck_approval_results_reason CHECK ((outcome = 'stays') = (reason IS NOT NULL)),
    CONSTRAINT fk_approval_results_command_id FOREIGN KEY (command_id) REFERENCES commands (id),
    CONSTRAINT fk_approval_results_profile_id FOREIGN KEY (profile_id) REFERENCES profiles (id),
    CONSTRAINT fk_approval_results_authority_id FOREIGN KEY (authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_approval_results_agency_month_id FOREIGN KEY (agency_month_id) REFERENCES agency_months (id)
);

-- Seen where their month is.
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['approval_lists', 'approval_results'] LOOP
        EXECUTE format($p$CREATE POLICY by_month ON %I USING (authority_id = (SELECT hoso_authority())
            AND ((SELECT hoso_everything()) OR EXISTS (SELECT 1 FROM agency_months m WHERE m.id = agency_month_id)))$p$, t);
    END LOOP;
    EXECUTE $p$CREATE POLICY by_list ON approval_list_rows USING (authority_id = (SELECT hoso_authority())
        AND ((SELECT hoso_everything()) OR EXISTS (SELECT 1 FROM approval_lists l WHERE l.id = list_id)))$p$;
    FOREACH t IN ARRAY ARRAY['approval_lists', 'approval_list_rows', 'approval_results'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO hoso_worker', t);
        EXECUTE format('GRANT SELECT ON %I TO hoso_api, hoso_report', t);
    END LOOP;
END $$;
-- What a list says is fixed when it is shown; afterwards only how it ended is written. Its rows never change.
GRANT UPDATE (state, size, root, digest, prepared_sha256, document_sha256, certificate, reason, shown_at, ended_at)
    ON approval_lists TO hoso_worker;
GRANT DELETE ON approval_list_rows TO hoso_worker;
CREATE FUNCTION hoso_list_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.digest IS NOT NULL AND (NEW.size, NEW.root, NEW.digest, NEW.prepared_sha256)
        IS DISTINCT FROM (OLD.size, OLD.root, OLD.digest, OLD.prepared_sha256) THEN
        RAISE EXCEPTION 'a list that was shown does not change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approval_lists_fixed BEFORE UPDATE ON approval_lists FOR EACH ROW EXECUTE FUNCTION hoso_list_fixed();
-- A cut that a kill interrupted begins its rows again; of a list that was shown none goes.
CREATE FUNCTION hoso_list_row_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM approval_lists l WHERE l.id = OLD.list_id AND l.state <> 'cutting') THEN
        RAISE EXCEPTION 'a row of a list that was shown stays' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER approval_list_rows_kept BEFORE DELETE ON approval_list_rows FOR EACH ROW EXECUTE FUNCTION hoso_list_row_kept();

ALTER TABLE approval_rounds
    ADD COLUMN kind TEXT NOT NULL DEFAULT 'single',
    ADD COLUMN list_id UUID,
    ADD COLUMN trouble TEXT,
    ADD CONSTRAINT ck_approval_rounds_kind CHECK (kind IN ('single', 'cut', 'list')),
    ADD CONSTRAINT ck_approval_rounds_list CHECK ((kind = 'single') = (list_id IS NULL)),
    ADD CONSTRAINT fk_approval_rounds_list_id FOREIGN KEY (list_id) REFERENCES approval_lists (id);
GRANT UPDATE (trouble) ON approval_rounds TO hoso_worker;

ALTER TABLE approvals
    ADD COLUMN list_id UUID,
    ADD COLUMN list_row INTEGER,
    ADD CONSTRAINT ck_approvals_list CHECK ((list_id IS NULL) = (list_row IS NULL)),
    ADD CONSTRAINT fk_approvals_list_id FOREIGN KEY (list_id) REFERENCES approval_lists (id);

ALTER TABLE month_items
    ADD COLUMN changes JSONB,
    ADD COLUMN risk SMALLINT,
    ADD COLUMN described TEXT;
ALTER TABLE month_items DROP CONSTRAINT ck_month_items_state;
ALTER TABLE month_items ADD CONSTRAINT ck_month_items_state
    CHECK (state IN ('listed', 'approved', 'held', 'cleared', 'returned', 'sent', 'accepted', 'rejected',
                     'released', 'sent_back', 'moved'));
