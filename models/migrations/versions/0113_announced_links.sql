-- Expand only. An end that was decided ahead and taken back takes its announcement along: the link to an heir that
-- never came to be is no fact. (0111 took this right from the worker while nothing used it.)
GRANT DELETE ON agency_links TO hoso_worker;
