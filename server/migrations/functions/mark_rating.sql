-- Writes a mark for a rating. The same rating again changes nothing, and after twenty marks of a message no more are written.
CREATE OR REPLACE FUNCTION mark_rating() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND NEW.rating = OLD.rating) OR 20 <= (SELECT count(*) FROM conversation_mark
        WHERE shop_id = NEW.shop_id AND conversation_id = NEW.conversation_id AND message_id = NEW.message_id)
    THEN
        RETURN NULL;
    END IF;
    INSERT INTO conversation_mark (shop_id, conversation_id, message_id, rating, at)
    VALUES (NEW.shop_id, NEW.conversation_id, NEW.message_id, NEW.rating,
        CASE TG_OP WHEN 'INSERT' THEN NEW.created_at ELSE now() END);
    RETURN NULL;
END $$;
