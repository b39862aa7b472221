-- Expand only: a campaign that a month's opening began by itself may be taken over by the authority's own act.
GRANT UPDATE (again, document, opened_by) ON stock_campaigns TO hoso_worker;
