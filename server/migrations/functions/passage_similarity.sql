-- The cosine between a query's vector and the passage's vector of the same embedder; null where it has none.
create or replace function passage_similarity(
  embedding halfvec, embedding_model text, multilingual halfvec, multilingual_model text, vector halfvec, model text)
returns double precision
language sql immutable parallel safe
begin atomic
  select case when embedding_model = model then -(embedding <#> vector)
              when multilingual_model = model then -(multilingual <#> vector) end;
end;
