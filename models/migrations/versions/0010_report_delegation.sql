-- Expand only: code of before neither reads nor writes them.
ALTER TABLE review_reports
    ADD COLUMN on_behalf_of uuid REFERENCES accounts (id),
    ADD COLUMN delegation_id uuid REFERENCES delegations (id),
    ADD CONSTRAINT ck_review_reports_on_behalf CHECK ((on_behalf_of IS NULL) = (delegation_id IS NULL));
