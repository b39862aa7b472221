-- Expand only: code of before knows no list of this kind, and none is opened before a law asks for one.
ALTER TABLE agency_months DROP CONSTRAINT ck_agency_months_kind;
ALTER TABLE agency_months ADD CONSTRAINT ck_agency_months_kind CHECK (kind IN ('month', 'whole_stock', 'event'));

-- A campaign opened by the authority's own act: who, by which document, and whether profiles approved before the
-- rule are signed again (chosen by the authority; the text speaks of all profiles).
ALTER TABLE stock_campaigns ADD COLUMN again BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE stock_campaigns ADD COLUMN document TEXT;
ALTER TABLE stock_campaigns ADD COLUMN opened_by UUID;
