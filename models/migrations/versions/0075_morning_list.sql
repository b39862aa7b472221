-- Rewrites duties for one moment (1.5 s at 100,000 rows on a busy machine) and locks it and revisions against
-- writing while the indexes are built. Code of before sets neither: the column follows the facts by itself.
ALTER TABLE duties ADD COLUMN returned BOOLEAN NOT NULL
    GENERATED ALWAYS AS (coalesce((facts ->> 'returned')::boolean, false)) STORED;
-- The morning list of a whole authority is sorted and counted in the index alone.
CREATE INDEX ix_duties_today ON duties (authority_id, due_on, id)
    INCLUDE (due_at, slot, party, agency_id, profile_id, returned) WHERE state = 'open';
-- What waits to be looked at, the oldest first, without a look at anybody.
CREATE INDEX ix_revisions_waiting ON revisions (authority_id, submitted_at, profile_id)
    WHERE state = 'submitted';
