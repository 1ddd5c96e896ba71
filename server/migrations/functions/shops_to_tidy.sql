-- Shops with proofs, codes or counters that have expired. Ids only.
CREATE OR REPLACE FUNCTION shops_to_tidy(longest_window interval) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT shop_id FROM public.proof WHERE expires_at <= now()
    UNION SELECT shop_id FROM public.one_time_code WHERE expires_at <= now()
    UNION SELECT shop_id FROM public.attempt WHERE window_start <= now() - longest_window $$;
