-- Shops whose subscription was not refreshed for so long, or not since its period ended. Ids only.
CREATE OR REPLACE FUNCTION shops_to_reconcile(longest interval) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT shop_id FROM public.subscription WHERE refreshed_at <= now() - longest
    OR (state ->> 'period_end')::timestamptz BETWEEN refreshed_at AND now() LIMIT 1000 $$;
