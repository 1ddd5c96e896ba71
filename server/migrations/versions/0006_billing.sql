-- Plans and money: what a shop has subscribed to, what it may use, what it has used, who was notified of what.

-- The newest subscription as the payment provider last reported it; one row a shop, none before anybody has paid.
CREATE TABLE subscription (
    shop_id       uuid PRIMARY KEY REFERENCES shop (id) ON DELETE CASCADE,
    customer_id   text NOT NULL,
    state         jsonb,                          -- billing.gateway.SubscriptionState; null before the first checkout ends
    unpaid_since  timestamptz,                    -- when the oldest open invoice was made
    spending_cap_minor bigint CHECK (spending_cap_minor >= 0),  -- of answers beyond the plan, in a period
    overage       boolean NOT NULL DEFAULT false, -- the shop has chosen to pay for answers beyond the plan
    refreshed_at  timestamptz NOT NULL DEFAULT now()
);

-- From the payment provider's customer to the shop: its webhooks name nothing else.
CREATE TABLE payment_customer (
    customer_id text PRIMARY KEY,
    shop_id     uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE
);
CREATE INDEX payment_customer_shop ON payment_customer (shop_id);

-- News from the payment provider, each once. What it says is never believed: it is the reason to ask again.
CREATE TABLE payment_event (
    shop_id     uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    event_id    text NOT NULL,
    type        text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    done_at     timestamptz,
    PRIMARY KEY (shop_id, event_id)
);
CREATE INDEX payment_event_waiting ON payment_event (shop_id) WHERE done_at IS NULL;

-- Counters of a period: of the whole shop (scope ''), and of a key that has a limit of its own (scope: the key's id).
CREATE TABLE quota_period (
    shop_id          uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    scope            text NOT NULL,
    period_start     timestamptz NOT NULL,
    answers_used     bigint NOT NULL DEFAULT 0 CHECK (answers_used >= 0),
    answers_reserved bigint NOT NULL DEFAULT 0 CHECK (answers_reserved >= 0),
    tokens_used      bigint NOT NULL DEFAULT 0 CHECK (tokens_used >= 0),
    tokens_reserved  bigint NOT NULL DEFAULT 0 CHECK (tokens_reserved >= 0),
    PRIMARY KEY (shop_id, scope, period_start)
);

-- An answer in progress: reserved until it is settled, released, or too old to be in progress.
CREATE TABLE quota_reservation (
    shop_id      uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    turn_id      uuid NOT NULL,
    scope        text NOT NULL,
    period_start timestamptz NOT NULL,
    tokens       bigint NOT NULL,
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (shop_id, turn_id, scope)
);
CREATE INDEX quota_reservation_expiry ON quota_reservation (expires_at);

-- The ledger: one row for each thing that counts. Rows are added, never changed: the app's role may do nothing else.
CREATE TABLE usage_entry (
    shop_id      uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    turn_id      uuid NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('answer', 'resolution', 'resolution_refund')),
    quantity     integer NOT NULL,
    is_overage   boolean NOT NULL,
    plan         text NOT NULL,                   -- the plan's lookup key at that moment
    period_start timestamptz NOT NULL,
    tokens       bigint NOT NULL DEFAULT 0,
    at           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shop_id, turn_id, kind)
);
CREATE INDEX usage_entry_period ON usage_entry (shop_id, period_start, at);

-- Which entries were reported to the payment provider's meter, and under which identifier: a batch is sent again under the
-- same one until it is known to have arrived.
CREATE TABLE meter_batch (
    shop_id      uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    id           uuid NOT NULL,
    period_start timestamptz NOT NULL,
    quantity     integer NOT NULL,
    at           timestamptz NOT NULL,            -- within the period the entries belong to
    sent_at      timestamptz,
    PRIMARY KEY (shop_id, id)
);
CREATE TABLE metered_entry (
    shop_id  uuid NOT NULL,
    turn_id  uuid NOT NULL,
    kind     text NOT NULL,
    batch_id uuid NOT NULL,
    PRIMARY KEY (shop_id, turn_id, kind),
    FOREIGN KEY (shop_id, turn_id, kind) REFERENCES usage_entry (shop_id, turn_id, kind) ON DELETE CASCADE,
    FOREIGN KEY (shop_id, batch_id) REFERENCES meter_batch (shop_id, id) ON DELETE CASCADE
);
CREATE INDEX metered_entry_batch ON metered_entry (shop_id, batch_id);
CREATE INDEX usage_entry_overage ON usage_entry (shop_id, turn_id, kind) WHERE is_overage;

-- What the merchant was notified of in a period, each once.
CREATE TABLE billing_notice (
    shop_id      uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    period_start timestamptz NOT NULL,
    kind         text NOT NULL,
    at           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shop_id, period_start, kind)
);

-- A key may have a limit of its own.
ALTER TABLE api_key ADD COLUMN answers_per_period bigint CHECK (answers_per_period >= 0);
