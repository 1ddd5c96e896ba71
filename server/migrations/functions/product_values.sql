-- The values of the options of a product's variants, of available ones where the filter asks for stock, and of its
-- attributes.
create or replace function product_values(variants jsonb, attributes jsonb, filter jsonb) returns setof text
language sql immutable parallel safe
begin atomic
  select option.value from jsonb_array_elements(variants) as variant(given), jsonb_each_text(given -> 'options') as option
  where not coalesce((filter ->> 'in_stock')::boolean, false) or coalesce((given ->> 'available')::boolean, true)
  union all select value from jsonb_each_text(attributes);
end;
