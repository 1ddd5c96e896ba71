-- Shops whose language has changed since the words of their passages were stemmed. Ids only.
CREATE OR REPLACE FUNCTION shops_to_restem() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT shop.id FROM public.shop JOIN public.passage_statistics AS known ON known.shop_id = shop.id
    WHERE known.language IS DISTINCT FROM public.passage_language(shop.locale) $$;
