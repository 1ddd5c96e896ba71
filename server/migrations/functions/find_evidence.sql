-- What may answer a question, in one round trip, as records of three kinds:
--   unit     a unit of a document, among the best by meaning and words
--   passage  a passage found whose document has no units yet (an older server wrote it)
--   product  a product asked for, from which its units are read, with the similarity of each that has a vector
-- Runs as its caller, bound by row-level security, and refuses another shop than that of the transaction.
-- Candidates are the nearest units and those with a rarer word of the question: all units are looked at, or, from
-- v_all units on, those of the best passages, so that the cost stays flat. Candidates alone are scored by all words.
create or replace function find_evidence(
  p_shop uuid, p_text text, p_vectors halfvec[], p_model text, p_is_foreign boolean, p_products text[],
  p_documents boolean, p_limit integer)
returns table (kind text, record jsonb)
language plpgsql stable parallel safe
set plan_cache_mode = 'force_generic_plan'
as $$
#variable_conflict use_column
declare
  v_all constant integer := 12000;
  v_depth constant integer := 40;
  v_near constant integer := 60;
  v_first constant halfvec := p_vectors[1];
  v_second constant halfvec := p_vectors[2];
  v_third constant halfvec := p_vectors[3];
  v_language regconfig;
  v_passages integer;
  v_own tsquery[];
  v_around tsquery[];
  v_weights real[];
  v_rare tsquery;
  v_unread boolean;
  v_documents uuid[];
  v_positions integer[];
  v_places integer[];
begin
  if p_shop is distinct from nullif(current_setting('app.shop_id', true), '')::uuid or p_shop is null then
    raise exception 'find_evidence: app.shop_id is not set to the shop that is searched'
      using errcode = 'insufficient_privilege';
  end if;

  if p_documents then
    select passage_language(s.locale)::regconfig into v_language from shop s where s.id = p_shop;
    select s.passages into v_passages from passage_statistics s where s.shop_id = p_shop;

    -- the question's words by rarity; a word that is not among the commoner ones is in few passages
    with word as (
      select lexeme, coalesce((select k.passages from passage_frequency k
                               where k.shop_id = p_shop and k.lexeme = w.lexeme), 5) as frequency
      from unnest(to_tsvector(coalesce(v_language, 'simple'), passage_marked(p_text, v_language::text))) as w
      limit 32
    ), weighed as (
      select quote_literal(lexeme) as term, frequency, row_number() over (order by frequency, lexeme) as place,
             ln(1 + greatest(coalesce(v_passages, 0), 2 * frequency)::float8 / (frequency + 0.5)) as idf from word
    )
    select array_agg((term || ':A')::tsquery), array_agg((term || ':D')::tsquery), array_agg(idf / total),
           string_agg(term || ':A', ' | ') filter (where frequency <= 300 or place = 1)::tsquery
    into v_own, v_around, v_weights, v_rare
    from weighed, (select sum(idf) as total from weighed) as sums;

    v_unread := exists (select from document d where d.shop_id = p_shop and d.units_of is distinct from d.content_hash);

    if (select count(*) from (select from evidence_unit u where u.shop_id = p_shop limit v_all + 1) as counted) <= v_all
    then
      with compared as materialized (
        select u.document_id, u.position, u.place, coalesce(u.search @@ v_rare, false) as has_word,
               passage_similarity(u.embedding, u.embedding_model, u.embedding_multilingual, u.multilingual_model,
                                  v_first, p_model) as similarity,
               case when v_second is not null then passage_similarity(
                 u.embedding, u.embedding_model, u.embedding_multilingual, u.multilingual_model, v_second, p_model) end
                 as second,
               case when v_third is not null then passage_similarity(
                 u.embedding, u.embedding_model, u.embedding_multilingual, u.multilingual_model, v_third, p_model) end
                 as third
        from evidence_unit u where u.shop_id = p_shop
      ),
      candidate as (
        (select c.document_id, c.position, c.place from compared c where c.similarity is not null
         order by greatest(c.similarity, c.second, c.third) desc limit v_near)
        union
        (select c.document_id, c.position, c.place from compared c where c.has_word
         order by c.similarity desc nulls last limit 3 * v_near)
      )
      select array_agg(document_id), array_agg("position"), array_agg(place) into v_documents, v_positions, v_places
      from candidate;
    else
      select array_agg(u.document_id), array_agg(u.position), array_agg(u.place)
      into v_documents, v_positions, v_places
      from find_passages(p_shop, p_text, v_first, p_model, '{}', '{document}', null, null, null, false, v_depth, false,
                         p_is_foreign, null) as s
      join passage p on p.shop_id = p_shop and p.id = s.id
      join evidence_unit u on u.shop_id = p_shop and u.document_id = p.document_id and u.position = p.position;
    end if;

    return query
    with scored as materialized (
      select u.document_id, u.position, u.place, u.kind, u.text, u.label, u.heading, u.before, u.after,
             greatest(
               passage_similarity(u.embedding, u.embedding_model, u.embedding_multilingual, u.multilingual_model,
                                  v_first, p_model),
               passage_similarity(u.embedding, u.embedding_model, u.embedding_multilingual, u.multilingual_model,
                                  v_second, p_model),
               passage_similarity(u.embedding, u.embedding_model, u.embedding_multilingual, u.multilingual_model,
                                  v_third, p_model))::real as similarity,
             coalesce((select sum(case when u.search @@ w.own then w.weight
                                       when u.search @@ w.around then 0.6 * w.weight end)
                       from unnest(v_own, v_around, v_weights) as w (own, around, weight)), 0)::real as lexical
      from unnest(v_documents, v_positions, v_places) as c (document_id, "position", place)
      join evidence_unit u
        on u.shop_id = p_shop and u.document_id = c.document_id and u.position = c.position and u.place = c.place
    ),
    ranked as (
      select s.*, passage_fused(s.lexical, s.similarity, v_first is not null, 0.6) as score from scored s
    ),
    distinct_text as (
      select r.*, row_number() over (partition by r.text, r.label order by r.score desc, r.document_id, r.place) as copy
      from ranked r
    ),
    best as (
      select b.* from distinct_text b where b.copy = 1 order by b.score desc, b.document_id, b.place limit p_limit
    )
    select 'unit', jsonb_build_object(
      'kind', b.kind, 'text', b.text, 'label', b.label, 'heading', b.heading, 'before', b.before, 'after', b.after,
      'place', b.place, 'position', b.position, 'similarity', b.similarity, 'lexical', b.lexical, 'score', b.score,
      'title', p.title, 'url', p.url, 'passage_id', p.id, 'external_id', d.external_id, 'fetched_at', d.fetched_at)
    from best b
    join document d on d.shop_id = p_shop and d.id = b.document_id and d.units_of is not distinct from d.content_hash
    join passage p on p.shop_id = p_shop and p.document_id = b.document_id and p.position = b.position
    order by b.score desc, b.document_id, b.place;

    if v_unread then
      return query
      select 'passage', jsonb_build_object(
        'external_id', d.external_id, 'title', s.title, 'heading', s.heading_path, 'body', s.body, 'url', s.url,
        'passage_id', s.id, 'position', s.position, 'fetched_at', d.fetched_at, 'score', s.score)
      from find_passages(p_shop, p_text, v_first, p_model, '{}', '{document}', null, null, null, false, v_depth, false,
                         p_is_foreign, null) as s
      join document d on d.shop_id = p_shop and d.external_id = s.owner_external_id
      where d.units_of is distinct from d.content_hash
      order by s.score desc limit 8;
    end if;
  end if;

  return query
  select 'product', jsonb_build_object(
    'id', p.id, 'external_id', p.external_id, 'title', p.title, 'description', p.description, 'brand', p.brand,
    'category', p.category, 'attributes', p.attributes, 'variants', p.variants, 'url', p.url,
    'fetched_at', p.fetched_at, 'locale', s.locale,
    'similarities', (
      select jsonb_object_agg(encode(v.content_hash, 'hex'),
                              (select max(-(v.embedding <#> q)) from unnest(p_vectors) as q))
      from product_unit_vector v
      where v.shop_id = p_shop and v.product_id = p.id and v.embedding_model = p_model))
  from product p join shop s on s.id = p_shop
  where p.shop_id = p_shop and p.external_id = any (p_products);
end
$$;
