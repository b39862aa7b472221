-- Expand only: code of before leaves it unset.
ALTER TABLE commands ADD COLUMN second_factor_at TIMESTAMP WITH TIME ZONE;
