-- Nothing is hard-deleted: not even a draft, which is written over, nor a link between a former agency and its heir.
-- No code of before did either.
REVOKE DELETE ON revisions, agency_links FROM hoso_worker;
REVOKE DELETE ON second_factors FROM hoso_api;
