-- Expand only: how many files each asker had judged in the running minute, for all API processes together.
CREATE TABLE verify_askers (
    asker TEXT NOT NULL,
    authority_id UUID NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    begun_at TIMESTAMP WITH TIME ZONE NOT NULL,
    taken INTEGER NOT NULL,
    CONSTRAINT pk_verify_askers PRIMARY KEY (asker)
);
CREATE INDEX ix_verify_askers_begun_at ON verify_askers (begun_at);

ALTER TABLE verify_askers ENABLE ROW LEVEL SECURITY;
ALTER TABLE verify_askers FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE ON verify_askers TO hoso_api;
GRANT SELECT, DELETE ON verify_askers TO hoso_worker;
GRANT SELECT ON verify_askers TO hoso_report; -- no policy of its: it sees none
CREATE POLICY at_verify ON verify_askers TO hoso_api
    USING (asker = nullif(current_setting('hoso.asker', true), ''));
CREATE POLICY forgotten ON verify_askers TO hoso_worker USING (true);
