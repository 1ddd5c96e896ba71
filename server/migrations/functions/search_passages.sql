-- What servers before revision 0011 call while they are still running (decisions/0011).
create or replace function search_passages(
  p_shop uuid, p_text text, p_vector halfvec, p_model text, p_identifiers text[],
  p_kinds text[], p_owners text[], p_price_min bigint, p_price_max bigint, p_available boolean, p_limit integer,
  p_per_kind boolean)
returns table (kind text, owner_external_id text, id uuid, "position" integer, title text, heading_path text[],
               body text, url text, score real, lexical real, similarity real, identifier real)
language sql stable security definer parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
  select * from find_passages(p_shop, p_text, p_vector, p_model, p_identifiers, p_kinds, p_owners, p_price_min,
                              p_price_max, p_available, p_limit, p_per_kind, false, null)
$$;

revoke all on function search_passages from public;
