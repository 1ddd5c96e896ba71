-- The lexical form of a unit: its own words have weight A, those of its title and headings D.
create or replace function unit_terms(language regconfig, own text, around text) returns tsvector
language sql immutable parallel safe
begin atomic
  select setweight(to_tsvector(language, passage_marked(own, language::text)), 'A')
         || setweight(to_tsvector(language, passage_marked(around, language::text)), 'D');
end;
