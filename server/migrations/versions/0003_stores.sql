-- Connected stores: the state of their sync, the shop of their webhooks, the webhooks that arrived, privacy requests.

ALTER TABLE connection DROP CONSTRAINT connection_state_check;
ALTER TABLE connection
    ADD CONSTRAINT connection_state_check CHECK (state IN ('active', 'revoked', 'paused')),
    ADD COLUMN sync_state     text NOT NULL DEFAULT 'new' CHECK (sync_state IN ('new', 'syncing', 'synced', 'failed')),
    ADD COLUMN synced_at      timestamptz,  -- when the newest complete pass began: the next one asks for changes since
    ADD COLUMN full_synced_at timestamptz,  -- when the newest pass over everything began
    ADD COLUMN next_sync_at   timestamptz DEFAULT now(),
    ADD COLUMN every_s        integer NOT NULL DEFAULT 3600 CHECK (every_s BETWEEN 300 AND 604800),
    ADD COLUMN problem        text,         -- what the merchant has to know or do
    ADD COLUMN result         jsonb NOT NULL DEFAULT '{}';

-- The packaged store has nothing to be read again.
UPDATE connection SET next_sync_at = NULL, sync_state = 'synced' WHERE platform = 'demo';
CREATE INDEX connection_due ON connection (next_sync_at) WHERE state = 'active' AND next_sync_at IS NOT NULL;

-- Which tenant a store's webhooks belong to. A valid signature does not prove the shop (all shops of an app share its
-- secret), and an address names only a connection: both lead through here. `address` is the platform's name for the
-- store, or the connection's id.
CREATE TABLE store_directory (
    platform      text NOT NULL,
    address       text NOT NULL,
    shop_id       uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    connection_id uuid NOT NULL,
    PRIMARY KEY (platform, address),
    FOREIGN KEY (shop_id, connection_id) REFERENCES connection (shop_id, id) ON DELETE CASCADE
);
CREATE INDEX store_directory_connection ON store_directory (shop_id, connection_id);

-- A store about to be connected: what its merchant requested, under the hash of a secret that comes back once.
CREATE TABLE connect_attempt (
    state_hash bytea PRIMARY KEY,
    shop_id    uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    platform   text NOT NULL,
    store      text NOT NULL,
    actor      text NOT NULL,
    expires_at timestamptz NOT NULL
);

-- Keys with which a shop signs customer tokens: needed in the clear to check them, so sealed and not hashed.
ALTER TABLE api_key DROP CONSTRAINT api_key_kind_check;
ALTER TABLE api_key
    ADD CONSTRAINT api_key_kind_check CHECK (kind IN ('publishable', 'secret', 'customer')), ADD COLUMN sealed bytea;

-- Webhooks that arrived, each once: which change they announce, never their bodies.
CREATE TABLE inbox (
    shop_id       uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    id            uuid NOT NULL,
    connection_id uuid NOT NULL,
    delivery_key  text NOT NULL,
    topic         text NOT NULL,
    change        jsonb NOT NULL,
    received_at   timestamptz NOT NULL DEFAULT now(),
    done_at       timestamptz,
    PRIMARY KEY (shop_id, id),
    UNIQUE (shop_id, connection_id, delivery_key)
);
CREATE INDEX inbox_waiting ON inbox (shop_id, id) WHERE done_at IS NULL;

-- The record of privacy requests: what was requested, of whom (by hash), and what was done.
CREATE TABLE privacy_request (
    shop_id      uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    id           uuid NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('export', 'erase')),
    person_hash  bytea NOT NULL,
    asked_by     text NOT NULL,
    asked_at     timestamptz NOT NULL DEFAULT now(),
    done_at      timestamptz,
    counts       jsonb NOT NULL DEFAULT '{}',
    export       bytea,
    PRIMARY KEY (shop_id, id)
);
