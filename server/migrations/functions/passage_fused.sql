-- Both legs in one number, 0..1 and the same for every shop: the cosine and the lexical share, weighted. Without
-- a vector of the query the words decide alone; a passage that has no vector yet gets a likely one.
create or replace function passage_fused(
  lexical real, similarity double precision, has_vector boolean, cosine double precision)
returns real
language sql immutable parallel safe
begin atomic
  select (case when not has_vector then lexical
               when similarity is null then 0.7 * lexical
               else cosine * similarity + (1 - cosine) * lexical end)::real;
end;
