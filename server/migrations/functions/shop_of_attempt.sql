-- The shop that is connecting a store with this state, while the attempt is valid. Ids only.
CREATE OR REPLACE FUNCTION shop_of_attempt(wanted bytea) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT shop_id FROM public.connect_attempt WHERE state_hash = wanted AND expires_at >= now() $$;
