-- Shops with usage that was not reported to the meter yet. Ids only.
CREATE OR REPLACE FUNCTION shops_to_meter() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT DISTINCT entry.shop_id FROM public.usage_entry AS entry
    LEFT JOIN public.metered_entry AS told USING (shop_id, turn_id, kind)
    WHERE entry.is_overage AND told.turn_id IS NULL
    UNION SELECT shop_id FROM public.meter_batch WHERE sent_at IS NULL AND lost_at IS NULL LIMIT 1000 $$;
