-- Shops with pictures that no message refers to, or with old reports or erasures of shoppers. Ids only.
CREATE OR REPLACE FUNCTION shops_to_tidy_of_shoppers(unused interval, kept interval) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT shop_id FROM public.picture WHERE message_id IS NULL AND created_at <= now() - unused
    UNION SELECT shop_id FROM public.forgotten_shopper
        WHERE forgotten_at <= now() - kept OR forgotten_at >= now() - interval '1 hour'
    UNION SELECT shop_id FROM public.widget_report WHERE last_at <= now() - kept $$;
