-- Expand only: code of before writes none of it, and a round then shows what it showed before.
ALTER TABLE approval_rounds
    ADD COLUMN phase TEXT,
    ADD COLUMN phase_done INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN phase_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN told_at TIMESTAMP WITH TIME ZONE,
    ADD CONSTRAINT ck_approval_rounds_phase CHECK
        (phase IN ('describing', 'judging', 'typesetting', 'signing', 'writing'));
GRANT UPDATE (phase, phase_done, phase_at, told_at) ON approval_rounds TO hoso_worker;
