-- Expand only. After a month's end a comparison is ordered by policy, by no account.
ALTER TABLE reconciliations ALTER COLUMN ordered_by DROP NOT NULL;
