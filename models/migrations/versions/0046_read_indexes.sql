-- Indexes only. Each locks its table against writing while it is built: seconds at 100,000 people.
-- Who has something late, without a look at all that is open.
CREATE INDEX ix_duties_late ON duties (due_at, profile_id) WHERE state = 'open' AND profile_id IS NOT NULL;
-- What waits to be looked at, without a look at everybody.
CREATE INDEX ix_profiles_pending ON profiles (agency_id, id) WHERE pending_revision_id IS NOT NULL;
