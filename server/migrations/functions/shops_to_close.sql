-- Shops with a period that is over for so long that nothing more can come to it, and that has no statement. Ids only.
CREATE OR REPLACE FUNCTION shops_to_close(settled interval) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT DISTINCT counted.shop_id FROM public.quota_period AS counted
    WHERE counted.scope = '' AND coalesce(counted.period_end, counted.period_start + interval '1 month') + settled <= now() AND NOT EXISTS (
        SELECT FROM public.billing_statement AS closed
        WHERE closed.shop_id = counted.shop_id AND closed.period_start = counted.period_start) LIMIT 1000 $$;
