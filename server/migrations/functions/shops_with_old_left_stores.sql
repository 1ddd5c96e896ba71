-- Shops that left a store longer ago than `kept`. Ids only.
CREATE OR REPLACE FUNCTION shops_with_old_left_stores(kept interval) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT DISTINCT shop_id FROM public.left_store WHERE left_at <= now() - kept $$;
