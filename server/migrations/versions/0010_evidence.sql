-- The units of documents: what of them can be quoted alone. Why products have none: decisions/0012-evidence.md.
-- As in passage, the vector and the lexical form stay in the row and stand before the text.
CREATE TABLE evidence_unit (
  shop_id uuid NOT NULL,
  document_id uuid NOT NULL,
  position integer NOT NULL,
  place integer NOT NULL,
  embedding halfvec(384),
  embedding_model text,
  embedding_multilingual halfvec(512),
  multilingual_model text,
  search tsvector NOT NULL,
  kind text NOT NULL,
  text text NOT NULL,
  label text NOT NULL,
  heading text[] NOT NULL,
  before text NOT NULL,
  after text NOT NULL,
  content_hash bytea NOT NULL,
  PRIMARY KEY (shop_id, document_id, position, place),
  FOREIGN KEY (shop_id, document_id) REFERENCES document (shop_id, id) ON DELETE CASCADE
);
ALTER TABLE evidence_unit ALTER COLUMN embedding SET STORAGE plain,
  ALTER COLUMN embedding_multilingual SET STORAGE plain, ALTER COLUMN search SET STORAGE main;
ALTER TABLE evidence_unit SET (toast_tuple_target = 4080);

-- Which version of a document its units were read from (its content_hash then), and by which version of reading. Null,
-- or another hash than that of the document: an older server wrote it, and a job reads its units.
ALTER TABLE document ADD COLUMN units_of bytea, ADD COLUMN units_version smallint;

-- The units of a product are read from its row; what is kept are the vectors of those that somebody asked about, each
-- in the dimensions of its embedder.
CREATE TABLE product_unit_vector (
  shop_id uuid NOT NULL,
  product_id uuid NOT NULL,
  content_hash bytea NOT NULL,
  embedding_model text NOT NULL,
  embedding halfvec NOT NULL,
  PRIMARY KEY (shop_id, product_id, content_hash, embedding_model),
  FOREIGN KEY (shop_id, product_id) REFERENCES product (shop_id, id) ON DELETE CASCADE
);
ALTER TABLE product_unit_vector ALTER COLUMN embedding SET STORAGE plain;
