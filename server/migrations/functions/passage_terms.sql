-- What servers before revision 0011 call while they are still running (decisions/0011).
create or replace function passage_terms(shop uuid, language regconfig, title text, body text, identifiers text[])
returns tsvector
language sql immutable parallel safe
begin atomic
  select passage_words(shop, language, title, '', body, identifiers);
end;
