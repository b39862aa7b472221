-- Written in the transaction that moves the duty, appended and never changed. ``load_id`` is of rule_set_loads or
-- calendar_loads; ``kept``: the newer law says nothing of it, so it stays under its own and its bearer was told.
CREATE TABLE law_moves (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    load_id UUID NOT NULL,
    duty_id UUID NOT NULL,
    agency_id UUID NOT NULL,
    slot TEXT NOT NULL,
    kept BOOLEAN NOT NULL,
    due_before DATE,
    due DATE,
    citation_before TEXT NOT NULL,
    citation TEXT NOT NULL,
    party_before TEXT NOT NULL,
    party TEXT NOT NULL,
    why JSONB NOT NULL,
    moved_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_law_moves PRIMARY KEY (id),
    CONSTRAINT fk_law_moves_authority_id FOREIGN KEY (authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_law_moves_duty_id FOREIGN KEY (duty_id) REFERENCES duties (id)
);
CREATE INDEX ix_law_moves_load ON law_moves (authority_id, load_id, id);
CREATE INDEX ix_law_moves_duty ON law_moves (duty_id);
CREATE POLICY by_authority ON law_moves USING (authority_id = (SELECT hoso_authority()));
ALTER TABLE law_moves ENABLE ROW LEVEL SECURITY;
ALTER TABLE law_moves FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON law_moves TO hoso_worker;
GRANT SELECT ON law_moves TO hoso_api, hoso_report;
