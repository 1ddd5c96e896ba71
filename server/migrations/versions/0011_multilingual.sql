-- The vector of the multilingual embedder (server/decisions/0013) and that embedder's name, and whether the shop has an
-- index of these vectors.
ALTER TABLE passage ADD COLUMN embedding_multilingual halfvec(512), ADD COLUMN multilingual_model text;
ALTER TABLE passage ALTER COLUMN embedding_multilingual SET STORAGE plain;
ALTER TABLE passage_statistics ADD COLUMN multilingual_index boolean NOT NULL DEFAULT false;

-- Of languages that write words as one: the words of a shop that have another of its words as their beginning or end.
CREATE TABLE passage_compound (
  shop_id uuid NOT NULL,
  part text NOT NULL,
  lexeme text NOT NULL,
  PRIMARY KEY (shop_id, part, lexeme)
);

-- The functions over them have more parameters now (functions/). These two are called by other functions only.
DROP FUNCTION IF EXISTS passage_fused(real, double precision, boolean);
-- All words are stemmed anew: what a product is, and what it is without, are words now (functions/passage_words.sql).
UPDATE passage_statistics SET language = NULL;
