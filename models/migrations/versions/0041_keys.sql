-- Keys that change while the system runs. Locks profiles for as long as the index is built (100,000 rows: under
-- a second); the columns are added without reading the table.
ALTER TABLE profiles ADD COLUMN id_number_key TEXT, ADD COLUMN id_number_guard BYTEA;
-- While the blind index moves from one key to the next, every row has its digest under the former key: in the
-- guard where it was written anew, else in the index itself. So no person is entered twice under two keys.
CREATE UNIQUE INDEX uq_profiles_id_number_guard
    ON profiles (authority_id, coalesce(id_number_guard, id_number_index)) WHERE chapter <> 'archive';

GRANT UPDATE (sealed, key_id) ON upload_parts TO hoso_worker;
GRANT UPDATE (secret, secret_key) ON second_factors TO hoso_worker;

-- A submitted revision stays immutable; only the same content may be sealed under another key, by whoever says
-- that this is what happens (`models.record.resealing` opens what it sealed before it is written).
CREATE OR REPLACE FUNCTION revision_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'draft' AND (NEW.content, NEW.digest, NEW.profile_id, NEW.number)
            IS DISTINCT FROM (OLD.content, OLD.digest, OLD.profile_id, OLD.number) THEN
        RAISE EXCEPTION 'revision % is immutable', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state <> 'draft' AND NEW.sealed IS DISTINCT FROM OLD.sealed AND (NEW.key_id = OLD.key_id
            OR coalesce(current_setting('hoso.resealing', true), '') <> 'on') THEN
        RAISE EXCEPTION 'revision % is immutable', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
