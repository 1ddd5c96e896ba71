-- Stores the shop's words that two of its words, of four letters or more, make up; nothing in a language that does not write
-- words as one. An "s" may join the two, and what is stemmed is found by its beginning.
create or replace function store_compounds(shop uuid) returns void
language sql
as $$
  with whole as (
    select k.lexeme, place from passage_frequency k, generate_series(4, length(k.lexeme) - 3) as place
    where k.shop_id = shop and length(k.lexeme) between 8 and 40 and k.lexeme not like 'without%'
      and (select passage_language(s.locale) from shop s where s.id = shop) = any ('{{compounding}}'::text[])
  ),
  made as (
    select w.lexeme, l.lexeme as first, r.lexeme as second
    from whole w
    join passage_frequency l on l.shop_id = shop
      and l.lexeme in (left(w.lexeme, w.place), left(w.lexeme, w.place - 1)) and length(l.lexeme) >= 4
      and (length(l.lexeme) = w.place or substr(w.lexeme, w.place, 1) = 's')
    join passage_frequency r on r.shop_id = shop and r.lexeme = substr(w.lexeme, w.place + 1) and length(r.lexeme) >= 4
  )
  insert into passage_compound (shop_id, part, lexeme)
  select shop, first, lexeme from made union select shop, second, lexeme from made
$$;
