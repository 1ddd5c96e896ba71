-- Writes a mark for a request for staff. A request while another one waits leaves the row as it is, and yet sets the column:
-- that alone makes this run.
CREATE OR REPLACE FUNCTION mark_request() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO conversation_mark (shop_id, conversation_id, at) VALUES (NEW.shop_id, NEW.id,
        CASE WHEN NEW.handoff_at IS DISTINCT FROM OLD.handoff_at THEN NEW.handoff_at ELSE now() END);
    RETURN NULL;
END $$;
