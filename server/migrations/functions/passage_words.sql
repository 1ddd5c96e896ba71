-- The lexical form: per lexeme its BM25 impact (k1 1.2, b 0.75, average length 150, a word of the title counts
-- three times), rounded to one of 14 steps between 0.20 and 1.00. A step is spelled as one or two positions whose
-- weights D C B A stand for 0.2 0.4 0.6 0.8: ts_rank adds the first and a quarter of the second. So ts_rank of
-- one lexeme, times pi^2/6, is its impact. A word that says much about the passage stands there a second time as
-- ^word, so that a query of common words only can be narrowed by the index. Part numbers are #squashed, and what the
-- product is filed under is there as =word.
create or replace function passage_words(
  shop uuid, language regconfig, title text, category text, body text, identifiers text[])
returns tsvector
language sql immutable parallel safe
begin atomic
  with word as (
    select lexeme, cardinality(weights) + 2 * cardinality(array_positions(weights, 'A')) as count
    from unnest(setweight(to_tsvector(language, passage_marked(title, language::text)), 'A')
                || to_tsvector(language, passage_marked(body, language::text)))
    where octet_length(lexeme) <= 200
  ),
  weighed as (
    select lexeme, count / (count + 1.2::float8 * (0.25::float8 + 0.75::float8 * sum(count) over () / 150)) as impact
    from word
  ),
  spelled as (
    select lexeme, impact, (array['1D', '1D,2D', '1C', '1C,2D', '1C,2C', '1B', '1B,2D', '1B,2C', '1B,2B',
                          '1A', '1A,2D', '1A,2C', '1A,2B', '1A,2A'])[1 + width_bucket(impact,
      array[0.225, 0.325, 0.425, 0.475, 0.55, 0.625, 0.675, 0.725, 0.775, 0.825, 0.875, 0.925, 0.975]::float8[])] as positions
    from weighed
  )
  select coalesce(string_agg(opening || lexeme || ''':' || positions
                             || case when impact >= 0.65 then ' ' || opening || '^' || lexeme || '''' else '' end,
                             ' ')::tsvector, ''::tsvector)
         || coalesce((select string_agg(passage_quote(shop, '#' || identifier), ' ')::tsvector
                      from unnest(identifiers) as identifier), ''::tsvector)
         || coalesce((select string_agg(passage_quote(shop, '=' || lexeme), ' ')::tsvector
                      from unnest(to_tsvector(language, passage_marked(category, language::text)))
                      where octet_length(lexeme) <= 200), ''::tsvector)
  from spelled, (select '''' || passage_lexeme_prefix(shop) as opening) as prefix;
end;
