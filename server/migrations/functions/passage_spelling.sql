-- The shop's own words that an unknown word stands for: two that were written as one, or up to two that are one letter
-- away (a letter missing, too many, wrong or swapped with its neighbour; the first letter counts as right), those joined
-- by "|". Null when it stands for none. A long word is first taken for two.
create or replace function passage_spelling(shop uuid, language regconfig, word text) returns text[]
language plpgsql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
declare
  letters text[] := case when word ~ '^[a-z]+$' then string_to_array('abcdefghijklmnopqrstuvwxyz', null)
                         else array(select distinct unnest(string_to_array(word, null))) end;
  split text[];
  near text[];
  edits text[];
begin
  select array[l.lexeme, r.lexeme] into split
  from generate_series(3, length(word) - 3) as place,
  lateral (select lexeme from unnest(to_tsvector(language, left(word, place))) limit 1) as l,
  lateral (select lexeme from unnest(to_tsvector(language, substr(word, place + 1))) limit 1) as r,
  passage_frequency as f, passage_frequency as g
  where f.shop_id = shop and f.lexeme = l.lexeme and g.shop_id = shop and g.lexeme = r.lexeme
  order by least(length(l.lexeme), length(r.lexeme)) desc, least(f.passages, g.passages) desc limit 1;
  if split is not null and length(word) >= 8 then
    return split;
  end if;
  select array_agg(edit) into edits from (
    select left(word, place - 1) || substr(word, place + 1) as edit from generate_series(2, length(word)) as place
    union select left(word, place - 1) || substr(word, place + 1, 1) || substr(word, place, 1) || substr(word, place + 2)
    from generate_series(2, length(word) - 1) as place
    union select left(word, place - 1) || letter || substr(word, place + 1)
    from generate_series(2, length(word)) as place, unnest(letters) as letter
    union select left(word, place - 1) || letter || substr(word, place)
    from generate_series(2, length(word) + 1) as place, unnest(letters) as letter) as near_words;
  select array[string_agg(found.lexeme, '|')] into near from (
    select k.lexeme from passage_frequency k
    where k.shop_id = shop and k.lexeme = any (edits) and length(k.lexeme) >= 3 order by k.passages desc limit 2) as found;
  if near[1] is null then  -- their stems; this is the dear part
    select array[string_agg(found.lexeme, '|')] into near from (
      select k.lexeme from passage_frequency k
      where k.shop_id = shop and k.lexeme = any (tsvector_to_array(to_tsvector(language, array_to_string(edits, ' '))))
        and length(k.lexeme) >= 3
      order by k.passages desc limit 2) as found;
  end if;
  return case when near[1] is not null then near else split end;
end
$$;

revoke all on function passage_spelling from public;
