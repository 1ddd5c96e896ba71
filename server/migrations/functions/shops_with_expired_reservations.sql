-- Shops with reservations that have expired. Ids only.
CREATE OR REPLACE FUNCTION shops_with_expired_reservations() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT DISTINCT shop_id FROM public.quota_reservation WHERE expires_at <= now() LIMIT 1000 $$;
