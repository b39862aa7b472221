-- Expand only: code of before knows no bulk orders.
CREATE TABLE bulk_orders (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    account_id UUID NOT NULL,
    verb TEXT NOT NULL,
    dry_run BOOLEAN NOT NULL,
    source TEXT NOT NULL,
    digest TEXT NOT NULL,
    follows UUID,
    state TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_bulk_orders PRIMARY KEY (id),
    CONSTRAINT ck_bulk_orders_source CHECK (source IN ('items', 'filter', 'workbook', 'rehearsed', 'undo')),
    CONSTRAINT ck_bulk_orders_state CHECK (state IN ('waiting', 'running', 'done')),
    CONSTRAINT ck_bulk_orders_follows CHECK ((source IN ('rehearsed', 'undo')) = (follows IS NOT NULL)),
    CONSTRAINT ck_bulk_orders_finished CHECK ((state = 'done') = (finished_at IS NOT NULL)),
    CONSTRAINT fk_bulk_orders_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_bulk_orders_account_id FOREIGN KEY(account_id) REFERENCES accounts (id),
    CONSTRAINT fk_bulk_orders_follows FOREIGN KEY(follows) REFERENCES bulk_orders (id)
);
-- One undo: a second one finds the first. A rehearsed undo is none.
CREATE UNIQUE INDEX uq_bulk_orders_undo ON bulk_orders (follows) WHERE source = 'undo' AND NOT dry_run;
CREATE INDEX ix_bulk_orders_open ON bulk_orders (created_at) WHERE state <> 'done';
CREATE INDEX ix_bulk_orders_account ON bulk_orders (account_id, id);

CREATE TABLE bulk_items (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    order_id UUID NOT NULL,
    position INTEGER NOT NULL,
    source_row INTEGER,
    profile_id UUID,
    subject_id UUID,
    body BYTEA NOT NULL,
    key_id TEXT NOT NULL,
    expected_revision INTEGER,
    state TEXT NOT NULL,
    status INTEGER,
    code TEXT,
    answer JSONB,
    at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_bulk_items PRIMARY KEY (id),
    CONSTRAINT uq_bulk_items_order_id_position UNIQUE (order_id, position),
    CONSTRAINT ck_bulk_items_state CHECK (state IN ('waiting', 'done', 'refused')),
    CONSTRAINT ck_bulk_items_answered CHECK ((state = 'waiting') = (status IS NULL)),
    CONSTRAINT ck_bulk_items_subject CHECK (state = 'refused' OR subject_id IS NOT NULL),
    CONSTRAINT fk_bulk_items_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_bulk_items_order_id FOREIGN KEY(order_id) REFERENCES bulk_orders (id)
);
CREATE INDEX ix_bulk_items_waiting ON bulk_items (order_id, position) WHERE state = 'waiting';

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['bulk_orders', 'bulk_items'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO hoso_worker', t);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO hoso_api', t);
        EXECUTE format('GRANT SELECT ON %I TO hoso_report', t);
    END LOOP;
END $$;
CREATE POLICY by_account ON bulk_orders USING (authority_id = (SELECT hoso_authority())
    AND ((SELECT hoso_everything()) OR account_id = (SELECT hoso_account())));
CREATE POLICY by_order ON bulk_items USING (authority_id = (SELECT hoso_authority())
    AND EXISTS (SELECT 1 FROM bulk_orders o WHERE o.id = order_id));
-- What is done runs with the right of the account in the order's row: the API writes its asker's own only,
-- and no item that would look done.
CREATE POLICY own_orders ON bulk_orders AS RESTRICTIVE FOR INSERT TO hoso_api
    WITH CHECK (account_id = (SELECT hoso_account()) AND state = 'waiting');
CREATE POLICY unanswered_items ON bulk_items AS RESTRICTIVE FOR INSERT TO hoso_api
    WITH CHECK (state IN ('waiting', 'refused') AND EXISTS (SELECT 1 FROM bulk_orders o
        WHERE o.id = order_id AND o.account_id = (SELECT hoso_account()) AND o.state = 'waiting'));
