-- A lexeme of a shop, spelled for a cast to tsvector or tsquery.
create or replace function passage_quote(shop uuid, lexeme text) returns text
language sql immutable parallel safe strict
begin atomic
  select '''' || passage_lexeme_prefix(shop) || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''';
end;
