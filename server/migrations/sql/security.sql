-- Row-level security: the second wall behind `shop_id = $1` in every statement (decisions/0002).
-- ENABLE, not FORCE: the tables' owner runs migrations, the app connects as a role that owns nothing.

ALTER TABLE shop ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_shop ON shop USING (id = nullif(current_setting('app.shop_id', true), '')::uuid);

ALTER TABLE member ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_shop ON member USING (shop_id = nullif(current_setting('app.shop_id', true), '')::uuid);
CREATE POLICY own_memberships ON member FOR SELECT
    USING (merchant_id = nullif(current_setting('app.merchant_id', true), '')::uuid);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'api_key', 'shop_origin', 'audit_entry', 'connection', 'product', 'knowledge_source', 'document',
        'conversation', 'message', 'turn', 'feedback', 'proof', 'one_time_code', 'attempt', 'job', 'upload',
        'idempotency_key']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY one_shop ON %I USING (shop_id = nullif(current_setting(''app.shop_id'', true), '''')::uuid)',
            name);
    END LOOP;
END $$;

-- The directories are readable without a shop (that is what they are for), and writable only for the own shop.
ALTER TABLE key_directory ENABLE ROW LEVEL SECURITY;
CREATE POLICY look_up ON key_directory FOR SELECT USING (true);
CREATE POLICY own_keys ON key_directory USING (shop_id = nullif(current_setting('app.shop_id', true), '')::uuid);
ALTER TABLE origin_directory ENABLE ROW LEVEL SECURITY;
CREATE POLICY look_up ON origin_directory FOR SELECT USING (true);
CREATE POLICY own_origins ON origin_directory USING (shop_id = nullif(current_setting('app.shop_id', true), '')::uuid);

-- Ids only, over all shops, for the worker: who has passages without a vector of today's embedder.
CREATE FUNCTION shops_to_embed(model text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT id FROM public.shop WHERE EXISTS (
    SELECT FROM public.passage WHERE passage.shop_id = shop.id AND embedding_model IS DISTINCT FROM model) $$;
