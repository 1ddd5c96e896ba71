-- Reserves one answer and the tokens it may take, or answers false. Decided under the counter's row lock, so that any number
-- of concurrent turns together never go past a limit; reservations that have expired are released before one is refused.
-- An answer beyond `included` costs `each_minor`, and what has been spent, with all that is reserved, stays within
-- `minor_limit`. `minor_used` is what was spent already, under whatever plan; it contains the answers beyond `included` that
-- are used. The defaults are for processes of versions that know no money: they serve while the schema is upgraded.
CREATE OR REPLACE FUNCTION reserve_answer(
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
END $$;
