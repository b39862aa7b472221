-- Expand only: a secondment follows its units when these end or are merged (`secondment.followed`); until now
-- the worker could end one and not pass it on, so that the day of such a reorganisation could not be ended.
GRANT UPDATE (from_agency_id, agency_id) ON shares TO hoso_worker;
