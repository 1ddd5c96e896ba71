-- Notes that the conversation of a counted answer is due 96 hours later (QUIET and RETURN_WINDOW of billing/resolutions.py).
-- A row that exists already is locked all the same: if the count of resolutions is about to delete it, this answer waits and
-- creates the row anew.
CREATE OR REPLACE FUNCTION note_resolution_due() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO resolution_due AS known (shop_id, conversation_id, due_at)
    SELECT NEW.shop_id, conversation_id, NEW.at + interval '96 hours' FROM turn
    WHERE shop_id = NEW.shop_id AND id = NEW.turn_id
    ON CONFLICT (shop_id, conversation_id) DO UPDATE SET due_at = least(known.due_at, excluded.due_at);
    RETURN NULL;
END $$;
