-- Stores that a shop once had. A store goes on asking for what is kept of its customers after it was disconnected, and
-- what was read from it and said about it stays with the shop until then.
CREATE TABLE left_store (
    shop_id       uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    platform      text NOT NULL,
    address       text NOT NULL,
    connection_id uuid NOT NULL,
    left_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shop_id, platform, address, connection_id)
)
--;
CREATE INDEX left_store_address ON left_store (platform, address)
--;
CREATE INDEX left_store_left_at ON left_store (left_at)
--;
-- All shops that once had the store, newest first: several may have had it one after the other.
CREATE FUNCTION left_connections_of_store(wanted_platform text, wanted_address text)
RETURNS TABLE (shop_id uuid, connection_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT shop_id, connection_id FROM public.left_store
    WHERE platform = wanted_platform AND address = wanted_address ORDER BY left_at DESC $$
--;
CREATE FUNCTION shops_with_old_left_stores(kept interval) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT DISTINCT shop_id FROM public.left_store WHERE left_at <= now() - kept $$
