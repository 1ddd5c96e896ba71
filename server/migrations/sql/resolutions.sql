-- Billing per resolution: what shoppers said of their answers, and which conversations are to be looked at when.

-- Ratings and requests for a person, each with its time. `feedback` keeps an answer's newest rating under the time of the
-- first, `conversation.handoff_at` one request of several: what is billed by them must be found again in a year.
CREATE TABLE conversation_mark (
    shop_id         uuid NOT NULL,
    conversation_id uuid NOT NULL,
    id              bigint GENERATED ALWAYS AS IDENTITY,
    message_id      text,                         -- the message that was rated; null: a person was asked for
    rating          text CHECK (rating IN ('up', 'down')),
    at              timestamptz NOT NULL,
    PRIMARY KEY (shop_id, conversation_id, id),
    CHECK ((message_id IS NULL) = (rating IS NULL)),
    FOREIGN KEY (shop_id, conversation_id) REFERENCES conversation (shop_id, id) ON DELETE CASCADE
)
--;
INSERT INTO conversation_mark (shop_id, conversation_id, message_id, rating, at)
SELECT shop_id, conversation_id, message_id, rating, created_at FROM feedback
--;
INSERT INTO conversation_mark (shop_id, conversation_id, at)
SELECT shop_id, id, handoff_at FROM conversation WHERE handoff_at IS NOT NULL
--;
-- The same rating again changes nothing, and nobody changes their mind so often for good.
CREATE FUNCTION mark_rating() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
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
END $$
--;
CREATE TRIGGER mark_rating AFTER INSERT OR UPDATE OF rating ON feedback FOR EACH ROW EXECUTE FUNCTION mark_rating()
--;
-- A request while another one waits leaves the row as it is, and yet sets the column: that alone makes this run.
CREATE FUNCTION mark_request() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO conversation_mark (shop_id, conversation_id, at) VALUES (NEW.shop_id, NEW.id,
        CASE WHEN NEW.handoff_at IS DISTINCT FROM OLD.handoff_at THEN NEW.handoff_at ELSE now() END);
    RETURN NULL;
END $$
--;
CREATE TRIGGER mark_request AFTER UPDATE OF handoff_at ON conversation FOR EACH ROW WHEN (NEW.handoff_at IS NOT NULL)
EXECUTE FUNCTION mark_request()
--;
-- Conversations with an answer that may be part of a resolution, and when the next one can be final.
CREATE TABLE resolution_due (
    shop_id         uuid NOT NULL,
    conversation_id uuid NOT NULL,
    due_at          timestamptz NOT NULL,
    PRIMARY KEY (shop_id, conversation_id),
    FOREIGN KEY (shop_id, conversation_id) REFERENCES conversation (shop_id, id) ON DELETE CASCADE
)
--;
CREATE INDEX resolution_due_at ON resolution_due (due_at, shop_id)
--;
CREATE INDEX resolution_due_shop ON resolution_due (shop_id, due_at)
--;
-- Where a row is there already it is locked all the same: a round that is about to take it away lets this answer wait,
-- and the row is made anew. 96 hours: QUIET and RETURN_WINDOW of billing/resolutions.py.
CREATE FUNCTION note_resolution_due() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO resolution_due AS known (shop_id, conversation_id, due_at)
    SELECT NEW.shop_id, conversation_id, NEW.at + interval '96 hours' FROM turn
    WHERE shop_id = NEW.shop_id AND id = NEW.turn_id
    ON CONFLICT (shop_id, conversation_id) DO UPDATE SET due_at = least(known.due_at, excluded.due_at);
    RETURN NULL;
END $$
--;
CREATE TRIGGER note_resolution_due AFTER INSERT ON usage_entry FOR EACH ROW
WHEN (NEW.kind = 'answer' AND NEW.plan LIKE 'aisle\_resolution\_v%') EXECUTE FUNCTION note_resolution_due()
--;
-- Shops with conversations whose time has come, as far as nothing that is being written can still be of before it.
CREATE FUNCTION shops_with_due_resolutions(settles interval) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT DISTINCT shop_id FROM public.resolution_due WHERE due_at <= now() - settles LIMIT 1000 $$
--;
-- Each batch is of one meter.
ALTER TABLE meter_batch ADD COLUMN meter text NOT NULL DEFAULT 'aisle_answers'
