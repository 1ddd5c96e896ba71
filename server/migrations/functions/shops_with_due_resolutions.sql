-- Shops with conversations that are due, so long ago that no write still running can be older. Ids only.
CREATE OR REPLACE FUNCTION shops_with_due_resolutions(settles interval) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT DISTINCT shop_id FROM public.resolution_due WHERE due_at <= now() - settles LIMIT 1000 $$;
