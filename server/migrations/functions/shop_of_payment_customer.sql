-- The shop that the payment provider knows under this customer id. Ids only.
CREATE OR REPLACE FUNCTION shop_of_payment_customer(wanted text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
AS $$ SELECT shop_id FROM public.payment_customer WHERE customer_id = wanted $$;
