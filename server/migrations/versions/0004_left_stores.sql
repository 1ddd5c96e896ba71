-- Stores that a shop had earlier. A store still sends requests about its customers' data after it was disconnected, and
-- what was read from it and said about it stays with the shop until then.
CREATE TABLE left_store (
    shop_id       uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    platform      text NOT NULL,
    address       text NOT NULL,
    connection_id uuid NOT NULL,
    left_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shop_id, platform, address, connection_id)
);
CREATE INDEX left_store_address ON left_store (platform, address);
CREATE INDEX left_store_left_at ON left_store (left_at);
