CREATE TABLE log_leaves (
    authority_id UUID NOT NULL,
    index BIGINT NOT NULL,
    position BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    CONSTRAINT pk_log_leaves PRIMARY KEY (authority_id, index),
    CONSTRAINT uq_log_leaves_position UNIQUE (position),
    CONSTRAINT fk_log_leaves_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id)
);

CREATE TABLE log_nodes (
    authority_id UUID NOT NULL,
    level SMALLINT NOT NULL,
    index BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    CONSTRAINT pk_log_nodes PRIMARY KEY (authority_id, level, index),
    CONSTRAINT fk_log_nodes_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id)
);

CREATE TABLE log_heads (
    authority_id UUID NOT NULL,
    size BIGINT NOT NULL,
    previous_size BIGINT,
    root BYTEA NOT NULL,
    transaction BIGINT NOT NULL,
    position BIGINT NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_log_heads PRIMARY KEY (authority_id, size),
    CONSTRAINT fk_log_heads_authority_id_previous_size FOREIGN KEY(authority_id, previous_size)
        REFERENCES log_heads (authority_id, size),
    CONSTRAINT uq_log_heads_authority_id_previous_size UNIQUE NULLS NOT DISTINCT (authority_id, previous_size),
    CONSTRAINT ck_log_heads_grows CHECK (size > coalesce(previous_size, 0)),
    CONSTRAINT fk_log_heads_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id)
);

CREATE TABLE log_seals (
    authority_id UUID NOT NULL,
    size BIGINT NOT NULL,
    day DATE NOT NULL,
    statement BYTEA NOT NULL,
    token BYTEA NOT NULL,
    sealed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    exported_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_log_seals PRIMARY KEY (authority_id, size),
    CONSTRAINT fk_log_seals_authority_id_size FOREIGN KEY(authority_id, size)
        REFERENCES log_heads (authority_id, size),
    CONSTRAINT fk_log_seals_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id)
);
CREATE INDEX ix_log_seals_unexported ON log_seals (authority_id, size) WHERE exported_at IS NULL;

CREATE TABLE sealers (
    authority_id UUID NOT NULL,
    looked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    trouble TEXT,
    trouble_since TIMESTAMP WITH TIME ZONE,
    retry_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_sealers PRIMARY KEY (authority_id),
    CONSTRAINT fk_sealers_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id)
);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['log_leaves', 'log_nodes', 'log_heads', 'log_seals', 'sealers'] LOOP
        EXECUTE format('CREATE POLICY by_authority ON %I USING (authority_id = (SELECT hoso_authority()))', t);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO hoso_worker', t);
        EXECUTE format('GRANT SELECT ON %I TO hoso_api, hoso_report', t);
    END LOOP;
END $$;
-- The log is appended to. Of a seal only the word of its export is added later; how the sealer is, is no fact.
GRANT UPDATE (exported_at) ON log_seals TO hoso_worker;
GRANT UPDATE ON sealers TO hoso_worker;

-- The order of commits is told by numbers of transactions, and a database restored into another cluster begins
-- them anew: below those of its own rows, which then look as if they were still running. So what a new cluster
-- must add to its own numbers stands in a function, made again after migrations (hoso_renew_transactions).
CREATE FUNCTION hoso_transaction_base() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT 0::bigint $$;
ALTER TABLE events ALTER COLUMN transaction
    SET DEFAULT (pg_current_xact_id()::text::bigint + hoso_transaction_base());
-- Every transaction with a smaller number has ended: whoever reads in their order stops here and misses none.
CREATE FUNCTION hoso_finished_below() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + hoso_transaction_base() $$;
-- Run by the owner where nobody else is connected yet. Answers the base that holds from now on.
CREATE FUNCTION hoso_renew_transactions() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    authority uuid;
    newest bigint := 0;
    found bigint;
    base bigint := hoso_transaction_base();
BEGIN
    FOR authority IN SELECT authority_id FROM authorities LOOP
        PERFORM set_config('hoso.authority', authority::text, true), set_config('hoso.scope', 'authority', true);
        SELECT max(e.transaction) INTO found FROM events e WHERE e.authority_id = authority;
        newest := greatest(newest, coalesce(found, 0));
    END LOOP;
    PERFORM set_config('hoso.authority', '', true), set_config('hoso.scope', '', true);
    IF newest >= pg_current_xact_id()::text::bigint + base THEN
        base := newest + 1 - pg_current_xact_id()::text::bigint;
        EXECUTE format('CREATE OR REPLACE FUNCTION hoso_transaction_base() RETURNS bigint LANGUAGE sql STABLE'
            ' PARALLEL SAFE AS $f$ SELECT %s::bigint $f$', base);
    END IF;
    RETURN base;
END $$;
REVOKE EXECUTE ON FUNCTION hoso_renew_transactions() FROM PUBLIC;
