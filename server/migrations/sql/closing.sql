-- What is billed by use has come to in a period: each at the price of the plan it was given under, so that a change of plan
-- neither forgets nor doubles anything of the spending cap. And when the period ends: of two that begin on the last day of
-- a month, one may be shorter.
ALTER TABLE quota_period ADD COLUMN minor_used bigint NOT NULL DEFAULT 0 CHECK (minor_used >= 0),
    ADD COLUMN period_end timestamptz
--;
DROP FUNCTION reserve_answer(uuid, uuid, text, timestamptz, bigint, bigint, bigint, interval)
--;
DROP FUNCTION settle_answer(uuid, uuid, timestamptz, text, bigint, bigint, boolean)
--;
-- As before (billing.sql), and with money: an answer beyond `included` costs `each_minor`, and what has been spent with all
-- that are held stays within `minor_limit`. Spent already, under whatever plan, is minor_used; of the answers beyond
-- `included` those are in it that are used. The defaults are for processes that do not know of money yet: they go on serving
-- while the schema is renewed.
CREATE FUNCTION reserve_answer(
    of_shop uuid, of_turn uuid, of_scope text, of_period timestamptz, answer_limit bigint, wanted_tokens bigint,
    token_limit bigint, lives interval, included bigint DEFAULT 9007199254740992, each_minor bigint DEFAULT 0,
    minor_limit bigint DEFAULT 9007199254740992, of_period_end timestamptz DEFAULT NULL
) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    FOR attempt IN 1..3 LOOP
        UPDATE quota_period SET answers_reserved = answers_reserved + 1, tokens_reserved = tokens_reserved + wanted_tokens
        WHERE shop_id = of_shop AND scope = of_scope AND period_start = of_period
            AND answers_used + answers_reserved < answer_limit
            AND tokens_used + tokens_reserved + wanted_tokens <= token_limit
            AND (answers_used + answers_reserved < included OR minor_used
                + (answers_used + answers_reserved + 1 - greatest(answers_used, included)) * each_minor <= minor_limit);
        IF FOUND THEN
            INSERT INTO quota_reservation (shop_id, turn_id, scope, period_start, tokens, expires_at)
            VALUES (of_shop, of_turn, of_scope, of_period, wanted_tokens, now() + lives);
            RETURN true;
        END IF;
        IF attempt = 1 THEN
            INSERT INTO quota_period (shop_id, scope, period_start, period_end)
            VALUES (of_shop, of_scope, of_period, of_period_end) ON CONFLICT DO NOTHING;
        ELSIF attempt = 2 THEN
            PERFORM give_back_expired(of_shop);
        END IF;
    END LOOP;
    RETURN false;
END $$
--;
-- As before (billing.sql), and with the price of an answer beyond `included`. Answers how many the shop has used in the
-- period (null when nothing was counted now), and what those beyond its plans have come to.
CREATE FUNCTION settle_answer(
    of_shop uuid, of_turn uuid, of_period timestamptz, of_plan text, included bigint, spent_tokens bigint, counts boolean,
    each_minor bigint DEFAULT 0, of_period_end timestamptz DEFAULT NULL, OUT used bigint, OUT minor bigint
) LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    held record;
    period timestamptz := of_period;
BEGIN
    IF of_plan LIKE 'aisle\_resolution\_v%' THEN
        -- before the counter, as the round that counts resolutions takes them
        PERFORM FROM resolution_due WHERE shop_id = of_shop AND conversation_id = (
            SELECT conversation_id FROM turn WHERE shop_id = of_shop AND id = of_turn) FOR UPDATE;
    END IF;
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
        RETURN;
    END IF;
    INSERT INTO quota_period AS counted (shop_id, scope, period_start, period_end, answers_used, tokens_used, minor_used)
    VALUES (of_shop, '', period, CASE WHEN period = of_period THEN of_period_end END, counts::int, spent_tokens,
        CASE WHEN counts AND included < 1 THEN each_minor ELSE 0 END)
    ON CONFLICT (shop_id, scope, period_start) DO UPDATE SET answers_used = counted.answers_used + counts::int,
        tokens_used = counted.tokens_used + spent_tokens, minor_used = counted.minor_used
            + CASE WHEN counts AND counted.answers_used >= included THEN each_minor ELSE 0 END
    RETURNING counted.answers_used, counted.minor_used INTO used, minor;
    IF NOT counts THEN
        used := NULL;
        RETURN;
    END IF;
    INSERT INTO usage_entry (shop_id, turn_id, kind, quantity, is_overage, plan, period_start, tokens)
    VALUES (of_shop, of_turn, 'answer', 1, used > included, of_plan, period, spent_tokens);
END $$
--;
-- A batch that grew too old for the meter before it could be told is never sent again.
ALTER TABLE meter_batch ADD COLUMN lost_at timestamptz
--;
CREATE OR REPLACE FUNCTION shops_to_meter() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT DISTINCT entry.shop_id FROM public.usage_entry AS entry
    LEFT JOIN public.metered_entry AS told USING (shop_id, turn_id, kind)
    WHERE entry.is_overage AND told.turn_id IS NULL
    UNION SELECT shop_id FROM public.meter_batch WHERE sent_at IS NULL AND lost_at IS NULL LIMIT 1000 $$
--;
-- When a merchant wants to be told how far the plan is used; without a row the usual holds (billing.alerts.Alerts).
CREATE TABLE billing_alert (
    shop_id     uuid PRIMARY KEY REFERENCES shop (id) ON DELETE CASCADE,
    at_percents smallint[] NOT NULL,
    spent_minor bigint CHECK (spent_minor > 0)
)
--;
-- Closed periods: what each came to when it was closed, and whether log, ledger, meter and invoice agreed. Rows are added,
-- never changed.
CREATE TABLE billing_statement (
    shop_id      uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    period_start timestamptz NOT NULL,
    period_end   timestamptz NOT NULL,
    closed_at    timestamptz NOT NULL DEFAULT now(),
    statement    jsonb NOT NULL,                  -- server.billing.closing.models.Statement
    PRIMARY KEY (shop_id, period_start)
)
--;
-- Shops with a period that is over for so long that nothing more can come to it, and that nobody has closed.
CREATE FUNCTION shops_to_close(settled interval) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT DISTINCT counted.shop_id FROM public.quota_period AS counted
    WHERE counted.scope = '' AND coalesce(counted.period_end, counted.period_start + interval '1 month') + settled <= now() AND NOT EXISTS (
        SELECT FROM public.billing_statement AS closed
        WHERE closed.shop_id = counted.shop_id AND closed.period_start = counted.period_start) LIMIT 1000 $$
