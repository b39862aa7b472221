CREATE TABLE identities (
    identity TEXT NOT NULL,
    authority_id UUID NOT NULL,
    account_id UUID NOT NULL,
    issuer TEXT NOT NULL,
    linked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_identities PRIMARY KEY (identity),
    CONSTRAINT uq_identities_account_id UNIQUE (account_id, issuer),
    CONSTRAINT fk_identities_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_identities_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
CREATE TABLE identity_sessions (
    session TEXT NOT NULL,
    authority_id UUID NOT NULL,
    account_id UUID NOT NULL,
    identity TEXT NOT NULL,
    sid TEXT,
    CONSTRAINT pk_identity_sessions PRIMARY KEY (session),
    CONSTRAINT fk_identity_sessions_session FOREIGN KEY(session) REFERENCES sessions (token_hash) ON DELETE CASCADE,
    CONSTRAINT fk_identity_sessions_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_identity_sessions_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
CREATE INDEX ix_identity_sessions_identity ON identity_sessions (identity);
CREATE INDEX ix_identity_sessions_sid ON identity_sessions (sid);
CREATE TABLE service_keys (
    kid TEXT NOT NULL,
    authority_id UUID NOT NULL,
    account_id UUID NOT NULL,
    jwk JSONB NOT NULL,
    document TEXT NOT NULL,
    registered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    registered_by UUID NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    withdrawn_by UUID,
    CONSTRAINT pk_service_keys PRIMARY KEY (kid),
    CONSTRAINT fk_service_keys_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_service_keys_account_id FOREIGN KEY(account_id) REFERENCES accounts (id),
    CONSTRAINT fk_service_keys_registered_by FOREIGN KEY(registered_by) REFERENCES accounts (id),
    CONSTRAINT fk_service_keys_withdrawn_by FOREIGN KEY(withdrawn_by) REFERENCES accounts (id)
);
CREATE INDEX ix_service_keys_account_id ON service_keys (account_id);
CREATE TABLE used_assertions (
    assertion TEXT NOT NULL,
    authority_id UUID NOT NULL,
    account_id UUID NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_used_assertions PRIMARY KEY (assertion),
    CONSTRAINT fk_used_assertions_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_used_assertions_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
CREATE INDEX ix_used_assertions_account_id ON used_assertions (account_id);

ALTER TABLE identities ENABLE ROW LEVEL SECURITY;
ALTER TABLE identities FORCE ROW LEVEL SECURITY;
ALTER TABLE identity_sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity_sessions FORCE ROW LEVEL SECURITY;
ALTER TABLE service_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE service_keys FORCE ROW LEVEL SECURITY;
ALTER TABLE used_assertions ENABLE ROW LEVEL SECURITY;
ALTER TABLE used_assertions FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, DELETE ON identities TO hoso_api;
GRANT UPDATE (last_used_at) ON identities TO hoso_api;
GRANT SELECT, INSERT, DELETE ON identity_sessions TO hoso_api;
GRANT SELECT, INSERT ON service_keys TO hoso_api; -- a key is withdrawn, never changed or taken away
GRANT UPDATE (withdrawn_at, withdrawn_by) ON service_keys TO hoso_api;
GRANT SELECT, INSERT, DELETE ON used_assertions TO hoso_api;
GRANT SELECT ON identities, identity_sessions, service_keys, used_assertions TO hoso_worker, hoso_report;
-- What a person links is the person's; before anybody is known only the identity that asks is seen.
CREATE POLICY own ON identities TO hoso_api USING (authority_id = (SELECT hoso_authority())
    AND account_id = (SELECT hoso_account()));
CREATE POLICY at_login ON identities FOR SELECT TO hoso_api
    USING (identity = nullif(current_setting('hoso.identity', true), ''));
CREATE POLICY own ON identity_sessions TO hoso_api USING (authority_id = (SELECT hoso_authority())
    AND account_id = (SELECT hoso_account()));
CREATE POLICY at_logout ON identity_sessions FOR SELECT TO hoso_api
    USING (identity = nullif(current_setting('hoso.identity', true), '')
        OR sid = nullif(current_setting('hoso.identity', true), ''));
-- Keys are registered by whoever reaches the whole authority; at login the key that is named is seen.
CREATE POLICY everywhere ON service_keys TO hoso_api USING (authority_id = (SELECT hoso_authority())
    AND (SELECT hoso_everything()));
CREATE POLICY at_login ON service_keys FOR SELECT TO hoso_api
    USING (kid = nullif(current_setting('hoso.service_key', true), ''));
CREATE POLICY own ON used_assertions TO hoso_api USING (authority_id = (SELECT hoso_authority())
    AND account_id = (SELECT hoso_account()));
