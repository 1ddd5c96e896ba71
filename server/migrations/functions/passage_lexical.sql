-- BM25 of a passage for a query cut into at most eight slots, as a share of what the query could reach (0..1; what
-- is not wanted takes away). Inlined by the planner, hence no loop; stops at the first empty slot.
create or replace function passage_lexical(search tsvector, slots tsquery[], weights real[]) returns real
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
end;
