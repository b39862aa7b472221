-- Content stays under its hash, once; each load is a row with its own date, document and approver.
CREATE TABLE rule_set_loads (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    hash TEXT NOT NULL,
    valid_from DATE NOT NULL,
    document TEXT NOT NULL,
    approver_id UUID,
    loaded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_rule_set_loads PRIMARY KEY (id),
    CONSTRAINT fk_rule_set_loads_authority_id FOREIGN KEY (authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_rule_set_loads_authority_id_hash FOREIGN KEY (authority_id, hash)
        REFERENCES rule_sets (authority_id, hash),
    CONSTRAINT fk_rule_set_loads_approver_id FOREIGN KEY (approver_id) REFERENCES accounts (id)
);
CREATE INDEX ix_rule_set_loads_in_force ON rule_set_loads (authority_id, valid_from, loaded_at);

CREATE TABLE calendar_loads (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    hash TEXT NOT NULL,
    document TEXT NOT NULL,
    approver_id UUID,
    loaded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_calendar_loads PRIMARY KEY (id),
    CONSTRAINT fk_calendar_loads_authority_id FOREIGN KEY (authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_calendar_loads_authority_id_hash FOREIGN KEY (authority_id, hash)
        REFERENCES calendars (authority_id, hash),
    CONSTRAINT fk_calendar_loads_approver_id FOREIGN KEY (approver_id) REFERENCES accounts (id)
);
CREATE INDEX ix_calendar_loads_newest ON calendar_loads (authority_id, loaded_at);

-- A load is appended and never changed: no UPDATE, no DELETE.
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['rule_set_loads', 'calendar_loads'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO hoso_worker', t);
        EXECUTE format('GRANT SELECT ON %I TO hoso_api, hoso_report', t);
        EXECUTE format('CREATE POLICY by_authority ON %I USING (authority_id = (SELECT hoso_authority()))', t);
    END LOOP;
END $$;

-- Row-level security holds the owner too, hence the scope.
DO $$
DECLARE
    authority uuid;
BEGIN
    FOR authority IN SELECT authority_id FROM authorities LOOP
        PERFORM set_config('hoso.authority', authority::text, true);
        INSERT INTO rule_set_loads (id, authority_id, hash, valid_from, document, loaded_at)
            SELECT gen_random_uuid(), authority_id, hash, valid_from, document, loaded_at FROM rule_sets;
        INSERT INTO calendar_loads (id, authority_id, hash, document, loaded_at)
            SELECT gen_random_uuid(), authority_id, hash, document, loaded_at FROM calendars;
        PERFORM set_config('hoso.authority', '', true);
    END LOOP;
END $$;

-- A program of before writes the content alone: at the end of its transaction the load is added to it.
CREATE FUNCTION hoso_first_load() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'rule_sets' THEN
        INSERT INTO rule_set_loads (id, authority_id, hash, valid_from, document, loaded_at)
            SELECT gen_random_uuid(), NEW.authority_id, NEW.hash, NEW.valid_from, NEW.document, NEW.loaded_at
            WHERE NOT EXISTS (SELECT 1 FROM rule_set_loads l
                WHERE l.authority_id = NEW.authority_id AND l.hash = NEW.hash);
    ELSE
        INSERT INTO calendar_loads (id, authority_id, hash, document, loaded_at)
            SELECT gen_random_uuid(), NEW.authority_id, NEW.hash, NEW.document, NEW.loaded_at
            WHERE NOT EXISTS (SELECT 1 FROM calendar_loads l
                WHERE l.authority_id = NEW.authority_id AND l.hash = NEW.hash);
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER first_load AFTER INSERT ON rule_sets
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hoso_first_load();
CREATE CONSTRAINT TRIGGER first_load AFTER INSERT ON calendars
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hoso_first_load();
