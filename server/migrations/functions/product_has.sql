-- Whether one variant has both the colour and the size of a filter, and is available where the filter asks for stock.
create or replace function product_has(variant jsonb, language regconfig, filter jsonb) returns boolean
language sql immutable parallel safe
begin atomic
  select (not coalesce((filter ->> 'in_stock')::boolean, false) or coalesce((variant ->> 'available')::boolean, true))
    and coalesce(bool_or(to_tsvector(language, passage_fold(value))
                         @@ plainto_tsquery(language, passage_fold(filter ->> 'colour'))), false)
    and coalesce(bool_or(trim(passage_fold(value)) = trim(passage_fold(filter ->> 'size'))), false)
  from jsonb_each_text(variant -> 'options');
end;
