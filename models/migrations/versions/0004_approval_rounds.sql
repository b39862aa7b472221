-- Expand only: a program that does not know the table goes on as before.
CREATE TABLE approval_rounds (
    command_id UUID NOT NULL,
    authority_id UUID NOT NULL,
    agency_month_id UUID NOT NULL,
    number INTEGER NOT NULL,
    chosen INTEGER NOT NULL,
    accepted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    done_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_approval_rounds PRIMARY KEY (command_id),
    CONSTRAINT uq_approval_rounds_agency_month_id_number UNIQUE (agency_month_id, number),
    CONSTRAINT fk_approval_rounds_command_id FOREIGN KEY (command_id) REFERENCES commands (id),
    CONSTRAINT fk_approval_rounds_authority_id FOREIGN KEY (authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_approval_rounds_agency_month_id FOREIGN KEY (agency_month_id) REFERENCES agency_months (id)
);
CREATE INDEX ix_approval_rounds_waiting ON approval_rounds (agency_month_id) WHERE done_at IS NULL;

ALTER TABLE approval_rounds ENABLE ROW LEVEL SECURITY;
ALTER TABLE approval_rounds FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON approval_rounds TO hoso_worker;
GRANT UPDATE (done_at) ON approval_rounds TO hoso_worker;
GRANT SELECT ON approval_rounds TO hoso_api, hoso_report;
-- Seen where its month is.
CREATE POLICY by_month ON approval_rounds USING (authority_id = (SELECT hoso_authority())
    AND ((SELECT hoso_everything()) OR EXISTS (SELECT 1 FROM agency_months m WHERE m.id = agency_month_id)));

-- What was accepted before and may still wait: some of what it chose is listed and has no answer. Numbers lie
-- below every version such a list can still get. Row-level security holds the owner too, hence the scope.
DO $$
DECLARE
    authority uuid;
BEGIN
    FOR authority IN SELECT authority_id FROM authorities LOOP
        PERFORM set_config('hoso.authority', authority::text, true), set_config('hoso.scope', 'authority', true);
        INSERT INTO approval_rounds (command_id, authority_id, agency_month_id, number, chosen, accepted_at)
        SELECT c.id, c.authority_id, m.id,
            m.version - count(*) OVER (PARTITION BY m.id) + row_number() OVER (PARTITION BY m.id ORDER BY c.settled_at, c.id),
            jsonb_array_length(c.answer -> 'chosen'), c.accepted_at
        FROM commands c JOIN agency_months m ON m.id = c.subject_id AND m.state <> 'closed'
        WHERE c.verb = 'approve_list' AND c.status = 202 AND EXISTS (SELECT 1 FROM month_items i
            WHERE i.agency_month_id = m.id AND i.state = 'listed' AND i.reason IS NULL
            AND c.answer -> 'chosen' ? i.profile_id::text);
        PERFORM set_config('hoso.authority', '', true), set_config('hoso.scope', '', true);
    END LOOP;
END $$;
