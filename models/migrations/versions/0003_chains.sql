-- Expand only: code of before goes on writing approvals without these columns, each the one step of its chain.
ALTER TABLE approvals
    ADD COLUMN step smallint NOT NULL DEFAULT 1,
    ADD COLUMN facts jsonb NOT NULL DEFAULT '{}',
    ADD CONSTRAINT ck_approvals_step CHECK (step >= 0);
ALTER TABLE agencies
    ADD COLUMN standing text,
    ADD CONSTRAINT ck_agencies_standing CHECK (standing IN ('constituent', 'subordinate'));
