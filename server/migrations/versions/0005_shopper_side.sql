-- A shopper's conversations are listed together.
CREATE INDEX conversation_shopper ON conversation (shop_id, shopper_id, last_message_at DESC);

-- When staff were requested, and when they first answered: who writes next, and how long the wait was lately.
ALTER TABLE conversation ADD COLUMN handoff_at timestamptz, ADD COLUMN handoff_answered_at timestamptz;
UPDATE conversation SET handoff_at = last_message_at WHERE state IN ('requested', 'waiting');
CREATE INDEX conversation_handoff ON conversation (shop_id, handoff_at DESC) WHERE handoff_at IS NOT NULL;

-- Pictures that shoppers sent, re-encoded. One that no message refers to is deleted after a day.
CREATE TABLE picture (
    shop_id         uuid NOT NULL,
    conversation_id uuid NOT NULL,
    id              uuid NOT NULL,
    media_type      text NOT NULL CHECK (media_type IN ('image/jpeg', 'image/webp')),
    width           integer NOT NULL,
    height          integer NOT NULL,
    data            bytea NOT NULL,
    message_id      text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shop_id, conversation_id, id),
    FOREIGN KEY (shop_id, conversation_id) REFERENCES conversation (shop_id, id) ON DELETE CASCADE
);

-- Pictures are compressed already.
ALTER TABLE picture ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE INDEX picture_unused ON picture (created_at) WHERE message_id IS NULL;

-- Shoppers who were erased at their request: their sessions, otherwise valid for a month, are refused.
CREATE TABLE forgotten_shopper (
    shop_id      uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    shopper_id   uuid NOT NULL,
    forgotten_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shop_id, shopper_id)
);
CREATE INDEX forgotten_shopper_at ON forgotten_shopper (shop_id, forgotten_at);

-- What widgets noticed on a merchant's pages, counted by origin.
CREATE TABLE widget_report (
    shop_id  uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    kind     text NOT NULL CHECK (kind IN ('buffered_stream')),
    origin   text NOT NULL,
    seen     integer NOT NULL DEFAULT 1,
    first_at timestamptz NOT NULL DEFAULT now(),
    last_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shop_id, kind, origin)
);
