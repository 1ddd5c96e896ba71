-- Four characters that set a shop's lexemes apart from other shops'. A collision only costs time.
create or replace function passage_lexeme_prefix(shop uuid) returns text
language sql immutable parallel safe strict
begin atomic
  select encode(substr(uuid_send(shop), 14, 3), 'base64');
end;
