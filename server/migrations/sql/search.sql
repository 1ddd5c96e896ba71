-- Everything search needs of the database: the passage table, its lexical form, the one hybrid query.
-- Run by the owner of the tables after product and document exist. Statements are separated by a line "--;",
-- since bodies of functions hold semicolons. PostgreSQL 15+ and pgvector 0.8+, no other extension.
-- Why it looks like this, with the measurements: server/decisions/0002-search-and-row-level-security.md

create extension if not exists vector
--;
-- Fixed-width columns and the vector stand first, so that an exact scan reads them without walking the row.
create table passage (
  shop_id uuid not null,
  id uuid not null,
  position integer not null default 0,
  available boolean not null default true,
  embedding halfvec(384),
  kind text not null check (kind in ('product', 'document')),
  embedding_model text,
  price_minor bigint,
  currency text,
  search tsvector not null,
  product_id uuid,
  document_id uuid,
  owner_external_id text not null,
  identifiers text[] not null default '{}',
  title text not null,
  heading_path text[] not null default '{}',
  body text not null,
  url text,
  content_hash bytea not null,
  primary key (shop_id, id),
  foreign key (shop_id, product_id) references product (shop_id, id) on delete cascade,
  foreign key (shop_id, document_id) references document (shop_id, id) on delete cascade,
  check ((kind = 'product') = (product_id is not null)),
  check ((kind = 'document') = (document_id is not null))
)
--;
-- The vector and the lexical form stay in the row (reading them elsewhere costs more than the arithmetic);
-- the text, needed for the winners only, goes out of line once the row is long.
alter table passage
  alter column embedding set storage plain,
  alter column search set storage main,
  alter column body set storage external
--;
alter table passage set (toast_tuple_target = 4080)
--;
create unique index passage_product on passage (shop_id, product_id, position) where product_id is not null
--;
create unique index passage_document on passage (shop_id, document_id, position) where document_id is not null
--;
create index passage_owner on passage (shop_id, owner_external_id)
--;
create index passage_unembedded on passage (shop_id, id) where embedding is null
--;
-- The one index not led by shop_id: its keys are, every lexeme begins with the shop's prefix.
create index passage_search on passage using gin (search) with (fastupdate = off)
--;
-- What a shop's search knows of itself, renewed after large changes: how many passages, whether a partial HNSW index
-- exists, and how many passages hold each of its commoner lexemes. All of it may be missing: then it is counted on
-- the spot.
create table passage_statistics (
  shop_id uuid primary key,
  passages integer not null,
  vector_index boolean not null default false,
  refreshed_at timestamptz not null default now()
)
--;
create table passage_frequency (
  shop_id uuid not null,
  lexeme text not null,
  passages integer not null,
  primary key (shop_id, lexeme)
)
--;
-- One spelling for text and query: no accents, no punctuation, "sugar-free" and "without sugar" both also
-- "withoutsugar" (so that a thing left out can be told from the thing itself), CJK one character a word.
create function passage_fold(input text) returns text
language plpgsql immutable parallel safe strict
as $$
declare
  folded text := left(input, 20000);
begin
  -- regular expressions are the dear part, so each runs only where it can change something;
  -- translate() is dearer still
  if octet_length(folded) > length(folded) then
    folded := lower(regexp_replace(normalize(folded, NFKD), '[\u0300-\u036f]+', '', 'g'));
    folded := regexp_replace(folded, '[’‘“”–—·•®]+', ' ', 'g');
    if folded ~ '[łøđðþæœßı]' then
      folded := translate(folded, 'łøđðþæœßı', 'loddtaosi');
    end if;
    folded := regexp_replace(folded, '([\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])', ' \1 ', 'g');
  end if;
  folded := regexp_replace(lower(folded), '[-_/\\|,;:!?()\[\]{}<>"''`~@#$%^&*+=]+', ' ', 'g');
  if strpos(folded, '.') > 0 then
    folded := regexp_replace(folded, '\.(?!\d)', ' ', 'g');
    folded := regexp_replace(folded, '(\D)\.', '\1 ', 'g');
  end if;
  folded := ' ' || folded;
  if strpos(folded, ' no ') + strpos(folded, ' not ') + strpos(folded, ' non ') + strpos(folded, ' without ') > 0 then
    folded := regexp_replace(folded, '\m(without|not?|non) +(\w+)', '\2 without\2', 'g');
  end if;
  if strpos(folded, ' free') > 0 then
    folded := regexp_replace(folded, '\m(\w+) +free\M', '\1 without\1', 'g');
  end if;
  return folded;
end
$$
--;
-- The text search configuration of a locale ("pt-BR"); languages without a stemmer are searched word by word.
-- knowledge/search.py has the same map for writing; a test compares them.
create function passage_language(locale text) returns text
language sql immutable parallel safe
begin atomic
  select coalesce('{"ar": "arabic", "hy": "armenian", "eu": "basque", "ca": "catalan", "da": "danish",
    "nl": "dutch", "en": "english", "fi": "finnish", "fr": "french", "de": "german", "el": "greek",
    "hi": "hindi", "hu": "hungarian", "id": "indonesian", "ga": "irish", "it": "italian", "lt": "lithuanian",
    "ne": "nepali", "no": "norwegian", "nb": "norwegian", "nn": "norwegian", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sr": "serbian", "es": "spanish", "sv": "swedish", "ta": "tamil",
    "tr": "turkish", "yi": "yiddish"}'::jsonb ->> lower(substring(locale from '^[A-Za-z]+')), 'simple');
end
--;
-- Four characters that set a shop's lexemes apart from other shops'. A collision only costs time.
create function passage_lexeme_prefix(shop uuid) returns text
language sql immutable parallel safe strict
begin atomic
  select encode(substr(uuid_send(shop), 14, 3), 'base64');
end
--;
-- A lexeme of a shop, spelled for a cast to tsvector or tsquery.
create function passage_quote(shop uuid, lexeme text) returns text
language sql immutable parallel safe strict
begin atomic
  select '''' || passage_lexeme_prefix(shop) || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''';
end
--;
-- The lexical form: per lexeme its BM25 impact (k1 1.2, b 0.75, average length 150, a word of the title counts
-- three times), rounded to one of 14 steps between 0.20 and 1.00. A step is spelled as one or two positions whose
-- weights D C B A stand for 0.2 0.4 0.6 0.8: ts_rank adds the first and a quarter of the second. So ts_rank of
-- one lexeme, times pi^2/6, is its impact. A word that says
-- much about the passage stands there a second time as ^word, so that a query of common words only can be narrowed
-- by the index. Part numbers are #squashed.
create function passage_terms(shop uuid, language regconfig, title text, body text, identifiers text[])
returns tsvector
language sql immutable parallel safe
begin atomic
  with word as (
    select lexeme, cardinality(weights) + 2 * cardinality(array_positions(weights, 'A')) as count
    from unnest(setweight(to_tsvector(language, passage_fold(title)), 'A')
                || to_tsvector(language, passage_fold(body)))
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
  from spelled, (select '''' || passage_lexeme_prefix(shop) as opening) as prefix;
end
--;
-- BM25 of a passage for a query cut into at most eight slots, as a share of what the query could reach (0..1; what
-- is not wanted takes away). Inlined by the planner, hence no loop; stops at the first empty slot.
create function passage_lexical(search tsvector, slots tsquery[], weights real[]) returns real
language sql immutable parallel safe
begin atomic
  select (case when slots[1] is null then 0 else weights[1] * ts_rank('{0.2,0.4,0.6,0.8}', search, slots[1])
    + case when slots[2] is null then 0 else weights[2] * ts_rank('{0.2,0.4,0.6,0.8}', search, slots[2])
    + case when slots[3] is null then 0 else weights[3] * ts_rank('{0.2,0.4,0.6,0.8}', search, slots[3])
    + case when slots[4] is null then 0 else weights[4] * ts_rank('{0.2,0.4,0.6,0.8}', search, slots[4])
    + case when slots[5] is null then 0 else weights[5] * ts_rank('{0.2,0.4,0.6,0.8}', search, slots[5])
    + case when slots[6] is null then 0 else weights[6] * ts_rank('{0.2,0.4,0.6,0.8}', search, slots[6])
    + case when slots[7] is null then 0 else weights[7] * ts_rank('{0.2,0.4,0.6,0.8}', search, slots[7])
    + case when slots[8] is null then 0 else weights[8] * ts_rank('{0.2,0.4,0.6,0.8}', search, slots[8]) end end end end end end end end)::real;
end
--;
-- Both legs in one number, 0..1 and the same for every shop: the cosine and the lexical share, weighted. Without
-- a vector of the query the words decide alone; a passage that has no vector yet gets a likely one.
create function passage_fused(lexical real, similarity double precision, has_vector boolean) returns real
language sql immutable parallel safe
begin atomic
  select (case when not has_vector then lexical
               when similarity is null then 0.7 * lexical
               else 0.6 * similarity + 0.4 * lexical end)::real;
end
--;
-- The one hybrid query. Runs as the owner of the tables, because under row security @@ may not use its index;
-- so it is an isolation boundary itself: it refuses unless app.shop_id is set and equal to p_shop, and every
-- reading of passage below names the shop. The subqueries with "offset 0" make the planner take the GIN index.
create function search_passages(
  p_shop uuid, p_text text, p_vector halfvec, p_model text, p_identifiers text[],
  p_kinds text[], p_owners text[], p_price_min bigint, p_price_max bigint, p_available boolean, p_limit integer,
  p_per_kind boolean)
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
  v_language regconfig;
  v_slots tsquery[];
  v_weights real[];
  v_candidates tsquery;
  v_near uuid[];
  v_named uuid[];
  v_share real[];
begin
  if p_shop is distinct from nullif(current_setting('app.shop_id', true), '')::uuid or p_shop is null then
    raise exception 'search_passages: app.shop_id is not set to the shop that is searched'
      using errcode = 'insufficient_privilege';
  end if;

  select s.passages, s.vector_index into v_passages, v_vector_index
  from passage_statistics s where s.shop_id = p_shop;
  if v_passages is null then
    select count(*) into v_passages from passage p where p.shop_id = p_shop;
  end if;

  select passage_language(s.locale)::regconfig into v_language from shop s where s.id = p_shop;

  -- The words of the query with their weights (idf); a word after "without" counts against.
  with word as (
    select lexeme, cardinality(positions) as times
    from unnest(to_tsvector(coalesce(v_language, 'simple'), passage_fold(p_text))) order by positions[1] limit 64
  ),
  spelled as materialized (
    select passage_quote(p_shop, w.lexeme) as term, passage_quote(p_shop, '^' || w.lexeme) as strong_term,
           (select k.passages from passage_frequency k where k.shop_id = p_shop and k.lexeme = w.lexeme) as known,
           (select k.passages from passage_frequency k
            where k.shop_id = p_shop and k.lexeme = '^' || w.lexeme) as strong,
           w.times <= coalesce(n.times, 0) as unwanted
    from word w left join word n on n.lexeme = 'without' || w.lexeme
  ),
  counted as materialized (
    select term, strong_term, coalesce(strong, 20) as strong, unwanted, coalesce(known, (
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
           string_agg(term, '|')::tsquery as query, sum(idf) * case when unwanted then -0.6 else 1 end as weight
    from weighed group by number, unwanted
  )
  select array_agg(query order by number),
         array_agg(1.6449341 * weight / (select nullif(sum(idf), 0) from weighed where not unwanted) order by number),
         (select case when min(reach) <= v_reach then string_agg(pick, '|') filter (where reach <= v_reach)
                      else string_agg(pick, '&') filter (where place <= coalesce(
                        (select min(place) from weighed where not unwanted and overlap <= v_reach), words))
                 end::tsquery from weighed where not unwanted)
  into v_slots, v_weights, v_candidates
  from slot;

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
         where p.shop_id = %L and p.embedding_model = $2 and ($3 is null or p.kind = any ($3))
           and (p.kind = ''document'' or (($4 is null or p.price_minor >= $4)
                and ($5 is null or p.price_minor <= $5) and (p.available or not $6)))
         order by p.embedding <#> $1 limit $7) as near', p_shop)
    into v_near using p_vector, p_model, p_kinds, p_price_min, p_price_max, p_available, v_depth;
  elsif p_vector is not null then
    select array_agg(near.id) into v_near from (
      select p.id from passage p
      where p.shop_id = p_shop and p.embedding_model = p_model and (p_kinds is null or p.kind = any (p_kinds))
        and (p_owners is null or p.owner_external_id = any (p_owners))
        and (p.kind = 'document' or ((p_price_min is null or p.price_minor >= p_price_min)
             and (p_price_max is null or p.price_minor <= p_price_max) and (p.available or not p_available)))
      order by p.embedding <#> p_vector limit v_depth) as near;
  end if;
  if p_per_kind and p_vector is not null then
    select v_near || array_agg(near.id) into v_near from (
      select p.id from passage p
      where p.shop_id = p_shop and p.document_id is not null and p.embedding_model = p_model
        and (p_owners is null or p.owner_external_id = any (p_owners))
      order by p.embedding <#> p_vector limit p_limit) as near;
  end if;

  return query
  with candidate as (
    (select m.id from (
       select f.id, passage_lexical(f.search, v_slots, v_weights) as lexical,
              case when f.embedding_model = p_model then -(f.embedding <#> p_vector) end as similarity
       from (select p.shop_id, p.id, p.kind, p.owner_external_id, p.price_minor, p.available, p.search,
                    p.embedding, p.embedding_model
             from passage p where p.search @@ v_candidates limit 20000 offset 0) as f
       where f.shop_id = p_shop and (p_kinds is null or f.kind = any (p_kinds))
         and (p_owners is null or f.owner_external_id = any (p_owners))
         and (f.kind = 'document' or ((p_price_min is null or f.price_minor >= p_price_min)
              and (p_price_max is null or f.price_minor <= p_price_max) and (f.available or not p_available)))
       offset 0) as m
     order by passage_fused(m.lexical, m.similarity, p_vector is not null) desc
     limit v_depth)
    union select unnest(v_near)
    union select unnest(v_named)
  ),
  scored as materialized (
    select p.id, p.kind, p.owner_external_id,
           passage_lexical(p.search, v_slots, v_weights) as lexical,
           case when p.embedding_model = p_model then -(p.embedding <#> p_vector) end as similarity,
           coalesce(v_share[array_position(v_named, p.id)], 0) as identifier
    from candidate c join passage p on p.shop_id = p_shop and p.id = c.id
    where (p_kinds is null or p.kind = any (p_kinds))
      and (p_owners is null or p.owner_external_id = any (p_owners))
      and (p.kind = 'document' or ((p_price_min is null or p.price_minor >= p_price_min)
           and (p_price_max is null or p.price_minor <= p_price_max) and (p.available or not p_available)))
  ),
  ranked as (
    select s.*, (1 - (1 - passage_fused(s.lexical, s.similarity, p_vector is not null))
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
$$
--;
revoke all on function search_passages from public
