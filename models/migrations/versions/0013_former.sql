-- Beside uq_profiles_id_number, which leaves the archive out: every line of a workbook asks for it.
CREATE INDEX ix_profiles_former ON profiles (authority_id, id_number_index) WHERE chapter = 'archive';
