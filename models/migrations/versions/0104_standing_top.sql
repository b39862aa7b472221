-- The top of the tree in the scope of one authority, as it stands today: a plan may put another in its place, and
-- the one that ended keeps its row. Where none stands (before the first begins) the first there is.
CREATE FUNCTION hoso_top() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (SELECT t.id FROM agencies_today t JOIN agencies a ON a.id = t.id WHERE t.parent_id IS NULL
            ORDER BY a.valid_from, a.id LIMIT 1),
        (SELECT id FROM agencies WHERE parent_id IS NULL ORDER BY valid_from, id LIMIT 1))
$$;
