-- Keys of service accounts are registered and withdrawn by acts, as other facts are. The API's own rights to write
-- them stay for the release that is running; a later migration takes them away.
GRANT INSERT ON service_keys TO hoso_worker;
GRANT UPDATE (withdrawn_at, withdrawn_by) ON service_keys TO hoso_worker;
CREATE POLICY by_authority ON service_keys TO hoso_worker USING (authority_id = (SELECT hoso_authority())
    AND (SELECT hoso_everything()));
