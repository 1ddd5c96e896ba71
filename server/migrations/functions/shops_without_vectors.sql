-- Shops with passages or units of documents that miss a vector: of the main embedder, and of the multilingual one if
-- there is one. Beside that one only English shops need vectors of the main one. Ids only.
CREATE OR REPLACE FUNCTION shops_without_vectors(main text, multilingual text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT id FROM public.shop, LATERAL (
    SELECT multilingual IS NULL OR lower(substring(shop.locale FROM '^[A-Za-z]+')) = 'en' AS main) AS needs
WHERE EXISTS (
    SELECT FROM public.passage WHERE passage.shop_id = shop.id
      AND ((needs.main AND embedding_model IS DISTINCT FROM shops_without_vectors.main)
           OR (multilingual IS NOT NULL AND multilingual_model IS DISTINCT FROM multilingual)))
OR EXISTS (
    SELECT FROM public.evidence_unit WHERE evidence_unit.shop_id = shop.id
      AND ((needs.main AND embedding_model IS DISTINCT FROM shops_without_vectors.main)
           OR (multilingual IS NOT NULL AND multilingual_model IS DISTINCT FROM multilingual))) $$;
