-- Releases the shop's reservations that have expired; returns how many there were.
CREATE OR REPLACE FUNCTION give_back_expired(of_shop uuid) RETURNS bigint
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
END $$;
