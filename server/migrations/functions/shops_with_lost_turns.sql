-- Shops with turns whose process was lost. Ids only.
CREATE OR REPLACE FUNCTION shops_with_lost_turns() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT DISTINCT shop_id FROM public.turn WHERE state = 'running' AND lease_until < now() LIMIT 100 $$;
