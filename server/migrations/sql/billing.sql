-- Plans and money: what a shop has subscribed to, what it may use, what it has used, what was told to whom.

-- The newest subscription as the payment provider last told it; one row a shop, none before anybody has paid.
CREATE TABLE subscription (
    shop_id       uuid PRIMARY KEY REFERENCES shop (id) ON DELETE CASCADE,
    customer_id   text NOT NULL,
    state         jsonb,                          -- billing.gateway.SubscriptionState; null before the first checkout ends
    unpaid_since  timestamptz,                    -- when the oldest open invoice was made
    spending_cap_minor bigint CHECK (spending_cap_minor >= 0),  -- of answers beyond the plan, in a period
    overage       boolean NOT NULL DEFAULT false, -- the shop has chosen to pay for answers beyond the plan
    refreshed_at  timestamptz NOT NULL DEFAULT now()
)
--;
-- From the payment provider's customer to the shop: its webhooks name nothing else.
CREATE TABLE payment_customer (
    customer_id text PRIMARY KEY,
    shop_id     uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE
)
--;
CREATE INDEX payment_customer_shop ON payment_customer (shop_id)
--;
CREATE FUNCTION shop_of_payment_customer(wanted text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT shop_id FROM public.payment_customer WHERE customer_id = wanted $$
--;
CREATE FUNCTION shops_to_reconcile(longest interval) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT shop_id FROM public.subscription WHERE refreshed_at <= now() - longest
    OR (state ->> 'period_end')::timestamptz BETWEEN refreshed_at AND now() LIMIT 1000 $$
--;
-- News from the payment provider, each once. What it says is never believed: it is the reason to ask again.
CREATE TABLE payment_event (
    shop_id     uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    event_id    text NOT NULL,
    type        text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    done_at     timestamptz,
    PRIMARY KEY (shop_id, event_id)
)
--;
CREATE INDEX payment_event_waiting ON payment_event (shop_id) WHERE done_at IS NULL
--;
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
)
--;
-- An answer being made: held until it is settled, given back, or nobody can be making it any more.
CREATE TABLE quota_reservation (
    shop_id      uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    turn_id      uuid NOT NULL,
    scope        text NOT NULL,
    period_start timestamptz NOT NULL,
    tokens       bigint NOT NULL,
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (shop_id, turn_id, scope)
)
--;
CREATE INDEX quota_reservation_expiry ON quota_reservation (expires_at)
--;
CREATE FUNCTION shops_with_expired_reservations() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT DISTINCT shop_id FROM public.quota_reservation WHERE expires_at <= now() LIMIT 1000 $$
--;
-- One answer (and the tokens it may take) is held, or it is not: decided under the counter's row lock, so that any number
-- of rivals together never go past the limit. What nobody can be making any more is given back before one is refused.
CREATE FUNCTION reserve_answer(
    of_shop uuid, of_turn uuid, of_scope text, of_period timestamptz, answer_limit bigint,
    wanted_tokens bigint, token_limit bigint, lives interval
) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    FOR attempt IN 1..3 LOOP
        UPDATE quota_period SET answers_reserved = answers_reserved + 1, tokens_reserved = tokens_reserved + wanted_tokens
        WHERE shop_id = of_shop AND scope = of_scope AND period_start = of_period
            AND answers_used + answers_reserved < answer_limit
            AND tokens_used + tokens_reserved + wanted_tokens <= token_limit;
        IF FOUND THEN
            INSERT INTO quota_reservation (shop_id, turn_id, scope, period_start, tokens, expires_at)
            VALUES (of_shop, of_turn, of_scope, of_period, wanted_tokens, now() + lives);
            RETURN true;
        END IF;
        IF attempt = 1 THEN
            INSERT INTO quota_period (shop_id, scope, period_start) VALUES (of_shop, of_scope, of_period)
            ON CONFLICT DO NOTHING;
        ELSIF attempt = 2 THEN
            PERFORM give_back_expired(of_shop);
        END IF;
    END LOOP;
    RETURN false;
END $$
--;
-- Gives back what is held for a turn in every scope, counts it where it was delivered, and writes the ledger: once,
-- however often it is called. Answers how many the shop has used in the period, null when nothing was counted now.
CREATE FUNCTION settle_answer(
    of_shop uuid, of_turn uuid, of_period timestamptz, of_plan text, included bigint, spent_tokens bigint, counts boolean
) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    held record;
    period timestamptz := of_period;
    used bigint;
BEGIN
    FOR held IN DELETE FROM quota_reservation WHERE shop_id = of_shop AND turn_id = of_turn
        RETURNING scope, period_start, tokens
    LOOP
        UPDATE quota_period SET answers_reserved = answers_reserved - 1, tokens_reserved = tokens_reserved - held.tokens,
            answers_used = answers_used + CASE WHEN counts AND held.scope <> '' THEN 1 ELSE 0 END
        WHERE shop_id = of_shop AND scope = held.scope AND period_start = held.period_start;
        IF held.scope = '' THEN
            period := held.period_start;
        END IF;
    END LOOP;
    IF EXISTS (SELECT FROM usage_entry WHERE shop_id = of_shop AND turn_id = of_turn AND kind = 'answer') THEN
        RETURN NULL;
    END IF;
    INSERT INTO quota_period AS counted (shop_id, scope, period_start, answers_used, tokens_used)
    VALUES (of_shop, '', period, counts::int, spent_tokens)
    ON CONFLICT (shop_id, scope, period_start) DO UPDATE SET answers_used = counted.answers_used + counts::int,
        tokens_used = counted.tokens_used + spent_tokens
    RETURNING counted.answers_used INTO used;
    IF NOT counts THEN
        RETURN NULL;
    END IF;
    INSERT INTO usage_entry (shop_id, turn_id, kind, quantity, is_overage, plan, period_start, tokens)
    VALUES (of_shop, of_turn, 'answer', 1, used > included, of_plan, period, spent_tokens);
    RETURN used;
END $$
--;
CREATE FUNCTION give_back_expired(of_shop uuid) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    held record;
    freed bigint := 0;
BEGIN
    FOR held IN DELETE FROM quota_reservation WHERE shop_id = of_shop AND expires_at <= now()
        RETURNING scope, period_start, tokens
    LOOP
        UPDATE quota_period SET answers_reserved = answers_reserved - 1, tokens_reserved = tokens_reserved - held.tokens
        WHERE shop_id = of_shop AND scope = held.scope AND period_start = held.period_start;
        freed := freed + 1;
    END LOOP;
    RETURN freed;
END $$
--;
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
)
--;
CREATE INDEX usage_entry_period ON usage_entry (shop_id, period_start, at)
--;
-- Which entries were told to the payment provider's meter, and under which identifier: a batch is sent again under the
-- same one until it is known to have arrived.
CREATE TABLE meter_batch (
    shop_id      uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    id           uuid NOT NULL,
    period_start timestamptz NOT NULL,
    quantity     integer NOT NULL,
    at           timestamptz NOT NULL,            -- within the period the entries belong to
    sent_at      timestamptz,
    PRIMARY KEY (shop_id, id)
)
--;
CREATE TABLE metered_entry (
    shop_id  uuid NOT NULL,
    turn_id  uuid NOT NULL,
    kind     text NOT NULL,
    batch_id uuid NOT NULL,
    PRIMARY KEY (shop_id, turn_id, kind),
    FOREIGN KEY (shop_id, turn_id, kind) REFERENCES usage_entry (shop_id, turn_id, kind) ON DELETE CASCADE,
    FOREIGN KEY (shop_id, batch_id) REFERENCES meter_batch (shop_id, id) ON DELETE CASCADE
)
--;
CREATE INDEX metered_entry_batch ON metered_entry (shop_id, batch_id)
--;
CREATE FUNCTION shops_to_meter() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT DISTINCT entry.shop_id FROM public.usage_entry AS entry
    LEFT JOIN public.metered_entry AS told USING (shop_id, turn_id, kind)
    WHERE entry.is_overage AND told.turn_id IS NULL
    UNION SELECT shop_id FROM public.meter_batch WHERE sent_at IS NULL LIMIT 1000 $$
--;
CREATE INDEX usage_entry_overage ON usage_entry (shop_id, turn_id, kind) WHERE is_overage
--;
-- What the merchant was told in a period, each once.
CREATE TABLE billing_notice (
    shop_id      uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    period_start timestamptz NOT NULL,
    kind         text NOT NULL,
    at           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shop_id, period_start, kind)
)
--;
-- A key may have a limit of its own.
ALTER TABLE api_key ADD COLUMN answers_per_period bigint CHECK (answers_per_period >= 0)
