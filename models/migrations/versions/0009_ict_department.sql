-- Expand only: code of before neither reads nor writes it.
ALTER TABLE authorities ADD COLUMN ict_department_id uuid;
