-- Expand only. Every act asks which agency accounts name a person as their holder; the unique index knows personal
-- accounts only, so each life was answered by reading all accounts of the installation.
CREATE INDEX IF NOT EXISTS ix_accounts_profile ON accounts (profile_id);
