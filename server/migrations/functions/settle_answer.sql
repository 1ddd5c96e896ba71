-- Releases what is reserved for a turn in every scope, counts the answer where it was delivered, and writes the ledger:
-- once, however often it is called. An answer beyond `included` costs `each_minor`. Returns how many answers the shop has
-- used in the period (null when nothing was counted now), and what those beyond its plans have come to.
CREATE OR REPLACE FUNCTION settle_answer(
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
END $$;
