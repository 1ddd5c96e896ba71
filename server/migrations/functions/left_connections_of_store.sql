-- The shops and connections that once had the store, newest first: several may have had it one after the other. Ids only.
CREATE OR REPLACE FUNCTION left_connections_of_store(wanted_platform text, wanted_address text)
RETURNS TABLE (shop_id uuid, connection_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT shop_id, connection_id FROM public.left_store
    WHERE platform = wanted_platform AND address = wanted_address ORDER BY left_at DESC $$;
