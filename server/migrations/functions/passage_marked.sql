-- A text in the one spelling of `passage_fold`, in which "sugar-free" and "without sugar" both also say "withoutsugar", so
-- that a thing left out can be told from the thing itself.
create or replace function passage_marked(input text, language text) returns text
language plpgsql immutable parallel safe strict
as $$
declare
  folded text := passage_fold(input);
  rules text[] := passage_reading(language);
begin
  if cardinality(rules) < 4 then
    return folded;
  end if;
  if rules[1] <> '' and folded ~ rules[1] then
    folded := regexp_replace(folded, rules[1] || '(\w+)', '\2 without\2', 'g');
  end if;
  if rules[2] <> '' and folded ~ rules[2] then
    folded := regexp_replace(folded, '\m(\w+)' || rules[2], '\1 without\1', 'g');
  end if;
  if rules[3] <> '' and folded ~ rules[3] then
    folded := regexp_replace(folded, '\m(\w{3,}?)' || rules[3], '\1\2 \1 without\1', 'g');
  end if;
  if rules[4] <> '' then
    folded := regexp_replace(folded, '\m(\w{4,}?)' || rules[4], '\1', 'g');
  end if;
  return folded;
end
$$;
