-- The shop and the connection that a store's webhooks lead to. Ids only.
CREATE OR REPLACE FUNCTION connection_of_store(wanted_platform text, wanted_address text)
RETURNS TABLE (shop_id uuid, connection_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT shop_id, connection_id FROM public.store_directory
    WHERE platform = wanted_platform AND address = wanted_address $$;
