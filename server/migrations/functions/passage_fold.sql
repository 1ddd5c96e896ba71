-- One spelling for text and query: no accents, no punctuation, CJK one character a word.
create or replace function passage_fold(input text) returns text
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
  return ' ' || folded;
end
$$;
