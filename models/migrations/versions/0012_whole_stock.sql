-- Expand only: code of before opens months' lists, and these keep their kind.
ALTER TABLE agency_months ADD COLUMN kind TEXT NOT NULL DEFAULT 'month';
ALTER TABLE agency_months ADD CONSTRAINT ck_agency_months_kind CHECK (kind IN ('month', 'whole_stock'));

CREATE TABLE stock_campaigns (
    authority_id UUID NOT NULL,
    rule_id TEXT NOT NULL,
    citation TEXT NOT NULL,
    rule_set_hash TEXT NOT NULL,
    opened_on DATE NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_stock_campaigns PRIMARY KEY (authority_id, rule_id),
    CONSTRAINT fk_stock_campaigns_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id)
);
CREATE POLICY by_authority ON stock_campaigns USING (authority_id = (SELECT hoso_authority()));
ALTER TABLE stock_campaigns ENABLE ROW LEVEL SECURITY;
ALTER TABLE stock_campaigns FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON stock_campaigns TO hoso_worker;
GRANT SELECT ON stock_campaigns TO hoso_api, hoso_report;
