-- Billing per resolution: ratings and requests for staff, and when which conversation is due.

-- Ratings and requests for a person, each with its time. `feedback` keeps an answer's newest rating under the time of the
-- first, `conversation.handoff_at` one request of several: what is billed by them must be found again in a year.
CREATE TABLE conversation_mark (
    shop_id         uuid NOT NULL,
    conversation_id uuid NOT NULL,
    id              bigint GENERATED ALWAYS AS IDENTITY,
    message_id      text,                         -- the message that was rated; null: staff were requested
    rating          text CHECK (rating IN ('up', 'down')),
    at              timestamptz NOT NULL,
    PRIMARY KEY (shop_id, conversation_id, id),
    CHECK ((message_id IS NULL) = (rating IS NULL)),
    FOREIGN KEY (shop_id, conversation_id) REFERENCES conversation (shop_id, id) ON DELETE CASCADE
);
INSERT INTO conversation_mark (shop_id, conversation_id, message_id, rating, at)
SELECT shop_id, conversation_id, message_id, rating, created_at FROM feedback;
INSERT INTO conversation_mark (shop_id, conversation_id, at)
SELECT shop_id, id, handoff_at FROM conversation WHERE handoff_at IS NOT NULL;
CREATE TRIGGER mark_rating AFTER INSERT OR UPDATE OF rating ON feedback FOR EACH ROW EXECUTE FUNCTION mark_rating();
CREATE TRIGGER mark_request AFTER UPDATE OF handoff_at ON conversation FOR EACH ROW WHEN (NEW.handoff_at IS NOT NULL)
EXECUTE FUNCTION mark_request();

-- Conversations with an answer that may be part of a resolution, and when the next one can be final.
CREATE TABLE resolution_due (
    shop_id         uuid NOT NULL,
    conversation_id uuid NOT NULL,
    due_at          timestamptz NOT NULL,
    PRIMARY KEY (shop_id, conversation_id),
    FOREIGN KEY (shop_id, conversation_id) REFERENCES conversation (shop_id, id) ON DELETE CASCADE
);
CREATE INDEX resolution_due_at ON resolution_due (due_at, shop_id);
CREATE INDEX resolution_due_shop ON resolution_due (shop_id, due_at);
CREATE TRIGGER note_resolution_due AFTER INSERT ON usage_entry FOR EACH ROW
WHEN (NEW.kind = 'answer' AND NEW.plan LIKE 'aisle\_resolution\_v%') EXECUTE FUNCTION note_resolution_due();

-- Each batch is of one meter.
ALTER TABLE meter_batch ADD COLUMN meter text NOT NULL DEFAULT 'aisle_answers';
