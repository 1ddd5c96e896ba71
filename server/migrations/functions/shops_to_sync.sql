-- Shops with an active connection that is due. Ids only.
CREATE OR REPLACE FUNCTION shops_to_sync() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT DISTINCT shop_id FROM public.connection
    WHERE state = 'active' AND next_sync_at <= now() LIMIT 1000 $$;
