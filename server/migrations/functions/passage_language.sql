-- The text search configuration of a locale ("pt-BR"); languages without a stemmer are searched word by word.
-- knowledge/search.py has the same map for writing; a test compares them.
create or replace function passage_language(locale text) returns text
language sql immutable parallel safe
begin atomic
  select coalesce('{"ar": "arabic", "hy": "armenian", "eu": "basque", "ca": "catalan", "da": "danish",
    "nl": "dutch", "en": "english", "fi": "finnish", "fr": "french", "de": "german", "el": "greek",
    "hi": "hindi", "hu": "hungarian", "id": "indonesian", "ga": "irish", "it": "italian", "lt": "lithuanian",
    "ne": "nepali", "no": "norwegian", "nb": "norwegian", "nn": "norwegian", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sr": "serbian", "es": "spanish", "sv": "swedish", "ta": "tamil",
    "tr": "turkish", "yi": "yiddish"}'::jsonb ->> lower(substring(locale from '^[A-Za-z]+')), 'simple');
end;
