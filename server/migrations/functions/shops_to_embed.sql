-- Shops with passages that have no vector of this embedder. Ids only.
CREATE OR REPLACE FUNCTION shops_to_embed(model text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT id FROM public.shop WHERE EXISTS (
    SELECT FROM public.passage WHERE passage.shop_id = shop.id AND embedding_model IS DISTINCT FROM model) $$;
