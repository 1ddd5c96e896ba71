-- The one hybrid query. Runs as the owner of the tables, because under row security @@ may not use its index;
-- so it is an isolation boundary itself: it refuses unless app.shop_id is set and equal to p_shop, and every
-- reading of passage below names the shop. The subqueries with "offset 0" make the planner take the GIN index.
create or replace function find_passages(
  p_shop uuid, p_text text, p_vector halfvec, p_model text, p_identifiers text[],
  p_kinds text[], p_owners text[], p_price_min bigint, p_price_max bigint, p_available boolean, p_limit integer,
  p_per_kind boolean, p_is_foreign boolean, p_filter jsonb)
returns table (kind text, owner_external_id text, id uuid, "position" integer, title text, heading_path text[],
               body text, url text, score real, lexical real, similarity real, identifier real)
language plpgsql stable security definer parallel safe
set search_path = pg_catalog, public, pg_temp
set plan_cache_mode = 'force_generic_plan'
as $$
#variable_conflict use_column
declare
  v_depth integer := greatest(40, least(2 * p_limit, 200));
  v_reach integer := least(8 * v_depth, 1500);
  v_passages integer;
  v_vector_index boolean;
  v_column text := case when vector_dims(p_vector) = 512 then 'embedding_multilingual' else 'embedding' end;
  v_stemmer text;
  v_language regconfig;
  v_text text;
  v_words tsvector;
  v_types tsquery;
  v_excludes boolean;
  v_cosines double precision[];  -- the share of the cosine, of products and of documents
  v_slots tsquery[];
  v_weights real[];
  v_candidates tsquery;
  v_near uuid[];
  v_named uuid[];
  v_share real[];
  v_products uuid[];  -- those that the filter lets through; null without one
begin
  if p_shop is distinct from nullif(current_setting('app.shop_id', true), '')::uuid or p_shop is null then
    raise exception 'find_passages: app.shop_id is not set to the shop that is searched'
      using errcode = 'insufficient_privilege';
  end if;

  select s.passages, case v_column when 'embedding' then s.vector_index else s.multilingual_index end
  into v_passages, v_vector_index
  from passage_statistics s where s.shop_id = p_shop;
  if v_passages is null then
    select count(*) into v_passages from passage p where p.shop_id = p_shop;
  end if;

  select coalesce(passage_language(s.locale), 'simple') into v_stemmer from shop s where s.id = p_shop;
  v_language := coalesce(v_stemmer, 'simple')::regconfig;
  v_text := passage_marked(p_text, v_stemmer);
  v_words := to_tsvector(v_language, v_text);

  if p_filter is not null then
    v_products := array(select product_filtered(p_shop, v_language, p_filter));
  end if;

  -- The words of the query with their weights (idf); a word after "without" counts against. A word that the shop does
  -- not know is read as those of its words that it may stand for, with less weight. Where words are written as one, a
  -- word is also looked for in those that begin or end with it.
  with given as (
    select w.lexeme, s.lexeme as written, exists (
             select from passage_frequency k where k.shop_id = p_shop and k.lexeme = w.lexeme) as is_known,
           -- "withoutsugar" follows sugar; comparing the words would not do, a stemmer may treat them differently
           cardinality(w.positions) <= (
             select count(*) from unnest(w.positions) as place
             where exists (select from unnest(v_words) as o where o.lexeme like 'without%' and place + 1 = any (o.positions))
           ) as unwanted
    from unnest(v_words) as w
    left join unnest(to_tsvector('simple', v_text)) as s on w.positions[1] = any (s.positions)
    order by w.positions[1] limit 64
  ),
  read as (
    select g.lexeme, g.unwanted,  -- a case, because conditions beside a function may be looked at after it
           case when not p_is_foreign and not g.is_known and length(g.written) between 4 and 40 and g.written !~ '[0-9]'
                 and not exists (select from passage f
                                 where f.search @@ passage_quote(p_shop, g.lexeme)::tsquery limit 1 offset 0)
                then passage_spelling(p_shop, v_language, g.written) end as spelling
    from given g
  ),
  word as (
    select lexeme, max(other) as other, bool_and(unwanted) as unwanted, max(certainty) as certainty
    from (select r.lexeme, null as other, r.unwanted, 1.0 as certainty from read r where r.spelling is null
          union all select split_part(m.spelling, '|', 1), nullif(split_part(m.spelling, '|', 2), ''), r.unwanted, 0.8
          from read r, unnest(r.spelling) as m(spelling)) as either
    group by lexeme
  ),
  spelled as materialized (
    select '(' || passage_quote(p_shop, w.lexeme) || coalesce(c.terms, '') || ')' as term,
           1 + coalesce(c.number, 0) as size, w.certainty,
           '(' || passage_quote(p_shop, '^' || w.lexeme) || coalesce(c.terms, '') || ')' as strong_term,
           passage_quote(p_shop, '=' || w.lexeme) as type_term,
           (select k.passages from passage_frequency k where k.shop_id = p_shop and k.lexeme = w.lexeme) as known,
           (select k.passages from passage_frequency k
            where k.shop_id = p_shop and k.lexeme = '^' || w.lexeme) as strong,
           w.unwanted
    from word w left join lateral (
      select string_agg('|' || passage_quote(p_shop, k.lexeme), '') as terms, count(*)::integer as number
      from (select w.other as lexeme where w.other is not null
            union all (select c.lexeme from passage_compound c where c.shop_id = p_shop and c.part = w.lexeme
                       and v_stemmer = any ('{{compounding}}'::text[]) limit 7)) as k
    ) as c on true
  ),
  counted as materialized (
    select term, strong_term, type_term, size, certainty, coalesce(strong, 20) as strong, unwanted, coalesce(
             case when size = 1 then known end, (
             select count(*) from (
               select f.shop_id from passage f where f.search @@ term::tsquery limit 5000 offset 0) as found
             where found.shop_id = p_shop)) as frequency
    from spelled
  ),
  picked as (
    select *, case when frequency > 300 then strong else frequency end as readings,
           case when frequency > 300 then strong_term else term end as pick
    from counted
  ),
  weighed as (
    select *, ln(1 + (greatest(v_passages - frequency, 0.0) + 0.5) / (frequency + 0.5)) as idf,
           row_number() over rarest as place,
           sum(readings) over rarest as reach,
           exp(sum(ln((readings + 0.5::float8) / (v_passages + 1))) over rarest) * v_passages as overlap,
           count(*) over (partition by unwanted) as words
    from picked
    window rarest as (partition by unwanted order by readings, frequency, term)
  ),
  slot as (
    select case when unwanted then 8 when words <= 7 then place else 1 + (place - 1) * 7 / words end as number,
           string_agg(term, '|')::tsquery as query,  -- ts_rank divides what it finds by the number of terms
           sum(idf * certainty) * sum(size) / count(*) * case when unwanted then -0.6 else 1 end as weight
    from weighed group by number, unwanted
  )
  select array_agg(query order by number),
         array_agg(1.6449341 * weight / (  -- what a question in another language says beside is not missing
           select coalesce(nullif(sum(idf), 0), 1) from weighed
           where not unwanted and not (p_is_foreign and frequency = 0))
                   order by number),
         (select case when min(reach) <= v_reach then string_agg(pick, '|') filter (where reach <= v_reach)
                      else string_agg(pick, '&') filter (where place <= coalesce(
                        (select min(place) from weighed where not unwanted and overlap <= v_reach), words))
                 end::tsquery from weighed where not unwanted),
         (select string_agg(type_term, '|')::tsquery from weighed where not unwanted),
         exists (select from weighed where unwanted)
  into v_slots, v_weights, v_candidates, v_types, v_excludes
  from slot;
  v_cosines := case when p_is_foreign then array[0.6, 0.7] when v_excludes then array[0.15, 0.4] else array[0.5, 0.6] end;

  -- Exact identifiers: the longest one that few passages carry.
  if cardinality(p_identifiers) > 0 then
    select array_agg(hit.id), array_agg(hit.share) into v_named, v_share
    from (
      select m.id, max(length(w.squashed))::real / max(max(length(w.squashed))) over () as share
      from unnest(p_identifiers) as w(squashed),
      lateral (
        select f.id, count(*) over () as carriers
        from (select p.shop_id, p.id from passage p
              where p.search @@ passage_quote(p_shop, '#' || w.squashed)::tsquery limit 100 offset 0) as f
        where f.shop_id = p_shop) as m
      where m.carriers <= 12
      group by m.id
    ) as hit;
  end if;

  -- The nearest vectors: by the shop's own HNSW index when it has one, else exactly.
  if p_vector is not null and p_owners is null and v_vector_index then
    -- here and not in the function's SET clause, which would need a superuser while pgvector is not loaded
    perform set_config('hnsw.iterative_scan', 'strict_order', true),
            set_config('hnsw.ef_search', case when v_passages > 50000 then '400' else '200' end, true);
    execute format(
      'select array_agg(id) from (
         select p.id from passage p
         where p.shop_id = %1$L and p.%3$I = $2 and ($3 is null or p.kind = any ($3))
           and (p.kind = ''document'' or (($4 is null or p.price_minor >= $4)
                and ($5 is null or p.price_minor <= $5) and (p.available or not $6)
                and ($8 is null or p.product_id in (select unnest($8)))))
         order by p.%2$I <#> $1 limit $7) as near',
      p_shop, v_column, case v_column when 'embedding' then 'embedding_model' else 'multilingual_model' end)
    into v_near using p_vector, p_model, p_kinds, p_price_min, p_price_max, p_available, v_depth, v_products;
  elsif p_vector is not null then
    select array_agg(near.id) into v_near from (
      select p.id from passage p
      where p.shop_id = p_shop and p_model in (p.embedding_model, p.multilingual_model)
        and (p_kinds is null or p.kind = any (p_kinds)) and (p_owners is null or p.owner_external_id = any (p_owners))
        and (p.kind = 'document' or ((p_price_min is null or p.price_minor >= p_price_min)
             and (p_price_max is null or p.price_minor <= p_price_max) and (p.available or not p_available)
             and (v_products is null or p.product_id in (select unnest(v_products)))))
      order by passage_similarity(p.embedding, p.embedding_model, p.embedding_multilingual, p.multilingual_model,
                                  p_vector, p_model) desc limit v_depth) as near;
  end if;
  if p_per_kind and p_vector is not null then
    select v_near || array_agg(near.id) into v_near from (
      select p.id from passage p
      where p.shop_id = p_shop and p.document_id is not null and p_model in (p.embedding_model, p.multilingual_model)
        and (p_owners is null or p.owner_external_id = any (p_owners))
      order by passage_similarity(p.embedding, p.embedding_model, p.embedding_multilingual, p.multilingual_model,
                                  p_vector, p_model) desc limit p_limit) as near;
  end if;

  return query
  with candidate as (
    (select m.id from (
       select f.id, case f.kind when 'product' then 1 else 2 end as rank_kind, passage_lexical(f.search, v_slots, v_weights) as lexical,
              passage_similarity(f.embedding, f.embedding_model, f.embedding_multilingual, f.multilingual_model,
                                 p_vector, p_model) as similarity
       from (select p.shop_id, p.id, p.kind, p.product_id, p.owner_external_id, p.price_minor, p.available, p.search,
                    p.embedding, p.embedding_model, p.embedding_multilingual, p.multilingual_model
             from passage p where p.search @@ v_candidates limit 20000 offset 0) as f
       where f.shop_id = p_shop and (p_kinds is null or f.kind = any (p_kinds))
         and (p_owners is null or f.owner_external_id = any (p_owners))
         and (f.kind = 'document' or ((p_price_min is null or f.price_minor >= p_price_min)
              and (p_price_max is null or f.price_minor <= p_price_max) and (f.available or not p_available)
              and (v_products is null or f.product_id in (select unnest(v_products)))))
       offset 0) as m
     order by passage_fused(m.lexical, m.similarity, p_vector is not null, v_cosines[m.rank_kind]) desc
     limit v_depth)
    union select unnest(v_near)
    union select unnest(v_named)
  ),
  scored as materialized (
    select p.id, p.kind, p.owner_external_id,
           passage_lexical(p.search, v_slots, v_weights) as lexical,
           passage_similarity(p.embedding, p.embedding_model, p.embedding_multilingual, p.multilingual_model,
                              p_vector, p_model) as similarity,
           case when p.search @@ v_types then 0.03 else 0 end as type_bonus,
           coalesce(v_share[array_position(v_named, p.id)], 0) as identifier
    from candidate c join passage p on p.shop_id = p_shop and p.id = c.id
    where (p_kinds is null or p.kind = any (p_kinds))
      and (p_owners is null or p.owner_external_id = any (p_owners))
      and (p.kind = 'document' or ((p_price_min is null or p.price_minor >= p_price_min)
           and (p_price_max is null or p.price_minor <= p_price_max) and (p.available or not p_available)
             and (v_products is null or p.product_id in (select unnest(v_products)))))
  ),
  ranked as (
    select s.*, (1 - (1 - passage_fused(s.lexical, s.similarity, p_vector is not null,
                                        v_cosines[case s.kind when 'product' then 1 else 2 end]) - s.type_bonus)
                     * (1 - 0.9 * s.identifier))::real as score
    from scored s
  ),
  best as (
    select r.*, row_number() over (
             partition by case r.kind when 'product' then r.owner_external_id else r.id::text end
             order by r.score desc, r.id) as nth
    from ranked r
  )
  select b.kind, b.owner_external_id, b.id, p.position, p.title, p.heading_path, p.body, p.url,
         b.score, b.lexical, b.similarity::real, b.identifier
  from (
    select *, row_number() over (partition by case when p_per_kind then kind end order by score desc, id) as rank
    from best where nth = 1) as b
  join passage p on p.shop_id = p_shop and p.id = b.id
  where b.rank <= p_limit
  order by b.score desc, b.id;
end
$$;

revoke all on function find_passages from public;
