-- How texts of a stemming configuration are read, from `search.toml` of the languages (server/languages): regular
-- expressions of the words before what is left out, of those after it and of endings that say so, and of endings to strip.
create or replace function passage_reading(language text) returns text[]
language sql immutable parallel safe
begin atomic
  select array(select jsonb_array_elements_text('{{reading}}'::jsonb -> language));
end;
