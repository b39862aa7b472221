-- The law of parts of a tree that came under another regulation (agency_regimes): the rule sets of that
-- regulation with the days from which each is in force, beside the authority's own loads. Append-only.
CREATE TABLE regime_loads (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    regulation TEXT NOT NULL,
    hash TEXT NOT NULL,
    valid_from DATE NOT NULL,
    document TEXT NOT NULL,
    approver_id UUID,
    loaded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_regime_loads PRIMARY KEY (id),
    CONSTRAINT fk_regime_loads_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_regime_loads_authority_id_rule_sets FOREIGN KEY(authority_id, hash)
        REFERENCES rule_sets (authority_id, hash),
    CONSTRAINT fk_regime_loads_approver_id FOREIGN KEY(approver_id) REFERENCES accounts (id)
);
CREATE INDEX ix_regime_loads_in_force ON regime_loads (authority_id, regulation, valid_from, loaded_at);
ALTER TABLE regime_loads ENABLE ROW LEVEL SECURITY;
ALTER TABLE regime_loads FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON regime_loads TO hoso_worker;
GRANT SELECT ON regime_loads TO hoso_api, hoso_report;
CREATE POLICY by_authority ON regime_loads USING (authority_id = (SELECT hoso_authority()));

-- What a regime loads is not the authority's own law.
CREATE OR REPLACE FUNCTION hoso_first_load() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'rule_sets' THEN
        INSERT INTO rule_set_loads (id, authority_id, hash, valid_from, document, loaded_at)
            SELECT gen_random_uuid(), NEW.authority_id, NEW.hash, NEW.valid_from, NEW.document, NEW.loaded_at
            WHERE NOT EXISTS (SELECT 1 FROM rule_set_loads l
                WHERE l.authority_id = NEW.authority_id AND l.hash = NEW.hash)
            AND NOT EXISTS (SELECT 1 FROM regime_loads r
                WHERE r.authority_id = NEW.authority_id AND r.hash = NEW.hash);
    ELSE
        INSERT INTO calendar_loads (id, authority_id, hash, document, loaded_at)
            SELECT gen_random_uuid(), NEW.authority_id, NEW.hash, NEW.document, NEW.loaded_at
            WHERE NOT EXISTS (SELECT 1 FROM calendar_loads l
                WHERE l.authority_id = NEW.authority_id AND l.hash = NEW.hash);
    END IF;
    RETURN NULL;
END $$;

-- Where a plan changes the law of a unit its people stand on the plan's list, too, though they stay where they are.
ALTER TABLE reorganisation_items DROP CONSTRAINT ck_reorganisation_items_elsewhere;
-- By what running duties were kept or reckoned again: the plan's own word, a rule of the text, or policy.
ALTER TABLE agency_regimes ADD COLUMN duties_by TEXT NOT NULL DEFAULT 'plan',
    ADD COLUMN duties_citation TEXT,
    ADD CONSTRAINT ck_agency_regimes_duties_by CHECK (duties_by IN ('plan', 'rule', 'policy'));
