-- Reorganisations: plans, the people they move, whose regulation binds a subtree. New tables: nothing that stands changes.
CREATE TABLE reorganisations (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    agency_id UUID NOT NULL,
    title TEXT NOT NULL,
    decision_number TEXT NOT NULL,
    decision_on DATE NOT NULL,
    decision_issuer TEXT NOT NULL,
    decision_hash TEXT,
    effective_on DATE NOT NULL,
    plan JSONB NOT NULL,
    plan_hash TEXT NOT NULL,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    units UUID[] NOT NULL,
    answers JSONB NOT NULL,
    warnings JSONB NOT NULL,
    author_id UUID NOT NULL,
    authors UUID[] NOT NULL,
    approver_id UUID,
    drafted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    approved_at TIMESTAMP WITH TIME ZONE,
    begun_at TIMESTAMP WITH TIME ZONE,
    done_at TIMESTAMP WITH TIME ZONE,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    reason TEXT,
    rule_id TEXT,
    citation TEXT,
    former JSONB NOT NULL,
    former_digest TEXT NOT NULL,
    after_digest TEXT,
    day JSONB,
    trouble TEXT,
    items INTEGER,
    next_wake_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_reorganisations PRIMARY KEY (id),
    CONSTRAINT ck_reorganisations_state CHECK (state IN ('drafted', 'approved', 'executing', 'done', 'withdrawn')),
    CONSTRAINT ck_reorganisations_somebody_else CHECK (approver_id IS NULL OR approver_id <> ALL (authors)),
    CONSTRAINT ck_reorganisations_approved CHECK (state NOT IN ('approved', 'executing', 'done') OR approver_id IS NOT NULL),
    CONSTRAINT ck_reorganisations_done CHECK ((state = 'done') = (done_at IS NOT NULL)),
    CONSTRAINT ck_reorganisations_withdrawn CHECK ((state = 'withdrawn') = (withdrawn_at IS NOT NULL)),
    CONSTRAINT fk_reorganisations_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_reorganisations_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id),
    CONSTRAINT fk_reorganisations_author_id FOREIGN KEY(author_id) REFERENCES accounts (id),
    CONSTRAINT fk_reorganisations_approver_id FOREIGN KEY(approver_id) REFERENCES accounts (id)
);
CREATE INDEX ix_reorganisations_agency ON reorganisations (agency_id);
CREATE INDEX ix_reorganisations_effective ON reorganisations (authority_id, effective_on, id);
CREATE TABLE agency_regimes (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    agency_id UUID NOT NULL,
    regulation TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    duties TEXT NOT NULL,
    reorganisation_id UUID,
    document TEXT NOT NULL,
    CONSTRAINT pk_agency_regimes PRIMARY KEY (id),
    CONSTRAINT ck_agency_regimes_period CHECK (valid_to IS NULL OR valid_to >= valid_from),
    CONSTRAINT ck_agency_regimes_duties CHECK (duties IN ('keep', 'rebase')),
    CONSTRAINT ex_agency_regimes_overlap EXCLUDE USING gist (
        uuidrange(agency_id, agency_id, '[]') WITH &&, daterange(valid_from, valid_to) WITH &&),
    CONSTRAINT fk_agency_regimes_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_agency_regimes_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id),
    CONSTRAINT fk_agency_regimes_reorganisation_id FOREIGN KEY(reorganisation_id) REFERENCES reorganisations (id)
);
CREATE INDEX ix_agency_regimes_agency ON agency_regimes (agency_id, valid_from);
CREATE TABLE reorganisation_items (
    reorganisation_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    authority_id UUID NOT NULL,
    position INTEGER NOT NULL,
    from_agency_id UUID NOT NULL,
    to_agency_id UUID NOT NULL,
    placed BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    moved_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_reorganisation_items PRIMARY KEY (reorganisation_id, profile_id),
    CONSTRAINT uq_reorganisation_items_reorganisation_id_position UNIQUE (reorganisation_id, position),
    CONSTRAINT ck_reorganisation_items_state CHECK (state IN ('waiting', 'moved', 'left')),
    CONSTRAINT ck_reorganisation_items_elsewhere CHECK (from_agency_id <> to_agency_id),
    CONSTRAINT ck_reorganisation_items_moved CHECK ((state = 'moved') = (moved_at IS NOT NULL)),
    CONSTRAINT fk_reorganisation_items_reorganisation_id FOREIGN KEY(reorganisation_id) REFERENCES reorganisations (id),
    CONSTRAINT fk_reorganisation_items_profile_id FOREIGN KEY(profile_id) REFERENCES profiles (id),
    CONSTRAINT fk_reorganisation_items_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_reorganisation_items_from_agency_id FOREIGN KEY(from_agency_id) REFERENCES agencies (id),
    CONSTRAINT fk_reorganisation_items_to_agency_id FOREIGN KEY(to_agency_id) REFERENCES agencies (id)
);
CREATE INDEX ix_reorganisation_items_profile ON reorganisation_items (profile_id);
CREATE INDEX ix_reorganisation_items_waiting ON reorganisation_items (reorganisation_id, position) WHERE state = 'waiting';

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['reorganisations', 'reorganisation_items', 'agency_regimes'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO hoso_worker', t);
        EXECUTE format('GRANT SELECT ON %I TO hoso_api, hoso_report', t);
    END LOOP;
END $$;
GRANT UPDATE ON reorganisations TO hoso_worker;
-- Who went from where to where stays; what became of it is written once.
GRANT UPDATE (state, reason, moved_at) ON reorganisation_items TO hoso_worker;
GRANT UPDATE (valid_to) ON agency_regimes TO hoso_worker;
-- A plan is seen where its case belongs, and by whoever has a post in a unit that it touches.
CREATE POLICY by_agency ON reorganisations USING (authority_id = (SELECT hoso_authority()) AND (
    (SELECT hoso_everything()) OR units && (SELECT hoso_agencies())::uuid[]
    OR agency_id IN (SELECT descendant_id FROM agency_closure
        WHERE ancestor_id = ANY ((SELECT hoso_agencies())::uuid[]) AND valid_to IS NULL)));
CREATE POLICY by_reorganisation ON reorganisation_items USING (authority_id = (SELECT hoso_authority()) AND (
    (SELECT hoso_everything()) OR EXISTS (SELECT 1 FROM reorganisations r WHERE r.id = reorganisation_id)));
-- Like agencies: which regulation binds whom is no secret to whoever has an account of the authority.
CREATE POLICY by_authority ON agency_regimes USING (authority_id = (SELECT hoso_authority()));
