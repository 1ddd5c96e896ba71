-- Shops with documents whose units are missing, or were read from another version or by another way of reading. Ids only.
CREATE OR REPLACE FUNCTION shops_to_read(version smallint) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT id FROM public.shop WHERE EXISTS (
    SELECT FROM public.document WHERE document.shop_id = shop.id
    AND (units_of IS DISTINCT FROM content_hash OR units_version IS DISTINCT FROM version)) $$;
