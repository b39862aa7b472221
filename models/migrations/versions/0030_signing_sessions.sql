-- Whose certificate it is: a recorded act, so that a signature by somebody else's is never taken for a person's.
CREATE TABLE certificates (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    account_id UUID NOT NULL,
    sha256 TEXT NOT NULL,
    certificate BYTEA NOT NULL,
    chain JSONB NOT NULL,
    subject TEXT NOT NULL,
    issuer TEXT NOT NULL,
    serial_number TEXT NOT NULL,
    key_kind TEXT NOT NULL,
    key_bits INTEGER NOT NULL,
    valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
    valid_to TIMESTAMP WITH TIME ZONE NOT NULL,
    document TEXT NOT NULL,
    registered_by UUID NOT NULL,
    registered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    withdrawn_by UUID,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    reason TEXT,
    CONSTRAINT pk_certificates PRIMARY KEY (id),
    CONSTRAINT ck_certificates_key_kind CHECK (key_kind IN ('ec', 'rsa')),
    CONSTRAINT ck_certificates_period CHECK (valid_to > valid_from),
    CONSTRAINT ck_certificates_withdrawn CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL)),
    CONSTRAINT fk_certificates_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_certificates_account_id FOREIGN KEY(account_id) REFERENCES accounts (id),
    CONSTRAINT fk_certificates_registered_by FOREIGN KEY(registered_by) REFERENCES accounts (id),
    CONSTRAINT fk_certificates_withdrawn_by FOREIGN KEY(withdrawn_by) REFERENCES accounts (id)
);
CREATE UNIQUE INDEX uq_certificates_live ON certificates (account_id, sha256) WHERE withdrawn_at IS NULL;
CREATE INDEX ix_certificates_sha256 ON certificates (authority_id, sha256);

CREATE TABLE signing_sessions (
    id UUID NOT NULL,
    authority_id UUID NOT NULL,
    profile_id UUID NOT NULL,
    document_id UUID NOT NULL,
    revision_id UUID NOT NULL,
    revision INTEGER NOT NULL,
    account_id UUID NOT NULL,
    certificate_id UUID NOT NULL,
    how TEXT NOT NULL,
    mechanism TEXT NOT NULL,
    state TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    field TEXT,
    prepared TEXT,
    attributes BYTEA,
    room_start INTEGER,
    room_end INTEGER,
    value TEXT,
    returned TEXT,
    opened_by UUID NOT NULL,
    completed_by UUID,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    reason TEXT,
    CONSTRAINT pk_signing_sessions PRIMARY KEY (id),
    CONSTRAINT ck_signing_sessions_how CHECK (how IN ('digest', 'file')),
    CONSTRAINT ck_signing_sessions_state CHECK (state IN
        ('preparing', 'open', 'completing', 'done', 'cancelled', 'expired', 'failed')),
    CONSTRAINT ck_signing_sessions_closed CHECK
        ((closed_at IS NULL) = (state IN ('preparing', 'open', 'completing'))),
    CONSTRAINT ck_signing_sessions_prepared CHECK
        (state NOT IN ('open', 'completing', 'done') OR prepared IS NOT NULL),
    CONSTRAINT ck_signing_sessions_period CHECK (expires_at > opened_at),
    CONSTRAINT uq_signing_sessions_token_hash UNIQUE (token_hash),
    CONSTRAINT fk_signing_sessions_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (authority_id),
    CONSTRAINT fk_signing_sessions_profile_id FOREIGN KEY(profile_id) REFERENCES profiles (id),
    CONSTRAINT fk_signing_sessions_document_id FOREIGN KEY(document_id) REFERENCES approvals (id),
    CONSTRAINT fk_signing_sessions_revision_id FOREIGN KEY(revision_id) REFERENCES revisions (id),
    CONSTRAINT fk_signing_sessions_account_id FOREIGN KEY(account_id) REFERENCES accounts (id),
    CONSTRAINT fk_signing_sessions_certificate_id FOREIGN KEY(certificate_id) REFERENCES certificates (id)
);
-- One open session for a document, and one for a profile: what waits for a signature waits for one.
CREATE UNIQUE INDEX uq_signing_sessions_open ON signing_sessions (profile_id) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX uq_signing_sessions_document ON signing_sessions (document_id) WHERE closed_at IS NULL;
CREATE INDEX ix_signing_sessions_account ON signing_sessions (account_id);

ALTER TABLE certificates ENABLE ROW LEVEL SECURITY;
ALTER TABLE certificates FORCE ROW LEVEL SECURITY;
ALTER TABLE signing_sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE signing_sessions FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE ON certificates, signing_sessions TO hoso_worker;
GRANT SELECT ON certificates, signing_sessions TO hoso_api, hoso_report;
CREATE POLICY by_account ON certificates USING (authority_id = (SELECT hoso_authority())
    AND ((SELECT hoso_everything()) OR account_id = (SELECT hoso_account())));
CREATE POLICY by_account ON signing_sessions USING (authority_id = (SELECT hoso_authority())
    AND ((SELECT hoso_everything()) OR account_id = (SELECT hoso_account())));
-- Whoever manages accounts sees whose certificates they are (in `hoso_agencies()` their subtrees).
CREATE POLICY by_agency ON certificates FOR SELECT USING (authority_id = (SELECT hoso_authority())
    AND EXISTS (SELECT 1 FROM accounts a JOIN agency_closure c ON c.descendant_id = a.agency_id
        WHERE a.id = certificates.account_id AND c.valid_to IS NULL
        AND c.ancestor_id = ANY ((SELECT hoso_agencies())::uuid[])));
CREATE POLICY at_token ON signing_sessions FOR SELECT
    USING (token_hash = nullif(current_setting('hoso.signing', true), ''));

-- A signing agent has the session's token and nothing else: who asks is the account the session belongs to.
CREATE FUNCTION hoso_signing(token_hash text) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    known record;
    answer json;
BEGIN
    PERFORM set_config('hoso.signing', token_hash, true);
    SELECT s.authority_id, s.account_id, s.id, s.expires_at INTO known FROM signing_sessions s
        WHERE s.token_hash = hoso_signing.token_hash;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('hoso.authority', known.authority_id::text, true),
            set_config('hoso.account', known.account_id::text, true);
    SELECT json_build_object(
        'authority_id', a.authority_id, 'account_id', a.id, 'login', a.login, 'display_name', a.display_name,
        'kind', a.kind, 'state', a.state, 'profile_id', a.profile_id, 'agency_id', a.agency_id,
        'expires_at', known.expires_at, 'session_id', known.id,
        'grants', (SELECT coalesce(json_agg(json_build_object('role', g.role, 'agency_id', g.agency_id,
            'valid_from', g.valid_from, 'valid_to', g.valid_to, 'delegation_of', g.delegation_of)
            ORDER BY g.valid_from, g.id), '[]')
            FROM grants g WHERE g.account_id = a.id),
        'delegations', hoso_delegations(a.id)) INTO answer
        FROM accounts a WHERE a.id = known.account_id AND a.state <> 'cancelled';
    RETURN answer;
END $$;
