-- The products that a filter lets through (`ProductFilter` of knowledge/search.py). Category and colour are compared as words
-- of the language; a colour or size is any value of an option of a variant, which must be available when the filter asks
-- for stock, or of an attribute.
create or replace function product_filtered(shop uuid, language regconfig, filter jsonb) returns setof uuid
language sql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
  select p.id from product p
  where p.shop_id = shop
    and (filter ->> 'brand' is null or passage_fold(p.brand) = passage_fold(filter ->> 'brand'))
    and (filter ->> 'category' is null or exists (
          select from jsonb_array_elements_text(p.category) as level(name)
          where to_tsvector(language, passage_fold(name)) @@ plainto_tsquery(language, passage_fold(filter ->> 'category'))))
    and (not coalesce((filter ->> 'on_sale')::boolean, false) or p.compare_at_minor > p.price_minor)
    and (filter ->> 'min_rating' is null or exists (
          select from jsonb_each_text(p.attributes) as given(key, value)
          where lower(key) ~ '^(average[ _]?|review[ _]?)?rating([ _]?value)?$' and value ~ '^[0-9]+([.,][0-9]+)?$'
            and replace(value, ',', '.')::numeric >= (filter ->> 'min_rating')::numeric))
    and (filter ->> 'colour' is null or exists (
          select from product_values(p.variants, p.attributes, filter) as given(value)
          where to_tsvector(language, passage_fold(value)) @@ plainto_tsquery(language, passage_fold(filter ->> 'colour'))))
    and (filter ->> 'size' is null or exists (
          select from product_values(p.variants, p.attributes, filter) as given(value)
          where trim(passage_fold(value)) = trim(passage_fold(filter ->> 'size'))))
    and (filter ->> 'colour' is null or filter ->> 'size' is null or jsonb_array_length(p.variants) < 2 or exists (
          select from jsonb_array_elements(p.variants) as variant(given)
          where product_has(given, language, filter)))
$$;

revoke all on function product_filtered from public;
