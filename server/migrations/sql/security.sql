-- What row-level security says beyond `enable_tenant_rls` (operations.py).

-- A merchant sees which shops they belong to before one is chosen.
CREATE POLICY own_memberships ON member FOR SELECT
    USING (merchant_id = nullif(current_setting('app.merchant_id', true), '')::uuid);

-- The directories are readable without a shop (that is what they are for), and writable only for the own shop.
CREATE POLICY look_up ON key_directory FOR SELECT USING (true);
CREATE POLICY look_up ON origin_directory FOR SELECT USING (true);
