-- Where the department's approval stands to the outgoing call: frozen with each list when it is opened.
-- Locks agency_months and month_items for a moment (the check of month_items reads the table once).
ALTER TABLE agency_months ADD COLUMN gate TEXT NOT NULL DEFAULT 'after';
ALTER TABLE agency_months ADD CONSTRAINT ck_agency_months_gate
    CHECK (gate IN ('none', 'before_outgoing_call', 'after'));

ALTER TABLE month_items DROP CONSTRAINT ck_month_items_state;
ALTER TABLE month_items ADD CONSTRAINT ck_month_items_state
    CHECK (state IN ('listed', 'approved', 'cleared', 'returned', 'sent', 'accepted', 'rejected', 'released',
        'sent_back', 'moved'));

-- What may wait for the department, without reading the lists of all months.
CREATE INDEX ix_month_items_gate ON month_items (agency_month_id) WHERE state IN ('approved', 'accepted');
