-- What search needs of the database: the passages, and what a shop's search knows of itself. The functions over them are
-- in functions/ (passage_*.sql, search_passages.sql). PostgreSQL 15+ and pgvector 0.8+, no other extension.
-- Why it looks like this, with the measurements: server/decisions/0002-search-and-row-level-security.md

-- Fixed-width columns and the vector stand first, so that an exact scan reads them without walking the row.
create table passage (
  shop_id uuid not null,
  id uuid not null,
  position integer not null default 0,
  available boolean not null default true,
  embedding halfvec(384),
  kind text not null check (kind in ('product', 'document')),
  embedding_model text,
  price_minor bigint,
  currency text,
  search tsvector not null,
  product_id uuid,
  document_id uuid,
  owner_external_id text not null,
  identifiers text[] not null default '{}',
  title text not null,
  heading_path text[] not null default '{}',
  body text not null,
  url text,
  content_hash bytea not null,
  primary key (shop_id, id),
  foreign key (shop_id, product_id) references product (shop_id, id) on delete cascade,
  foreign key (shop_id, document_id) references document (shop_id, id) on delete cascade,
  check ((kind = 'product') = (product_id is not null)),
  check ((kind = 'document') = (document_id is not null))
);

-- The vector and the lexical form stay in the row (reading them elsewhere costs more than the arithmetic);
-- the text, needed for the winners only, goes out of line once the row is long.
alter table passage
  alter column embedding set storage plain,
  alter column search set storage main,
  alter column body set storage external;
alter table passage set (toast_tuple_target = 4080);
create unique index passage_product on passage (shop_id, product_id, position) where product_id is not null;
create unique index passage_document on passage (shop_id, document_id, position) where document_id is not null;
create index passage_owner on passage (shop_id, owner_external_id);
create index passage_unembedded on passage (shop_id, id) where embedding is null;

-- The one index not led by shop_id: its keys are, every lexeme begins with the shop's prefix.
create index passage_search on passage using gin (search) with (fastupdate = off);

-- What a shop's search knows of itself, renewed after large changes: how many passages, whether a partial HNSW index
-- exists, and how many passages hold each of its commoner lexemes. All of it may be missing: then it is counted on
-- the spot.
create table passage_statistics (
  shop_id uuid primary key,
  passages integer not null,
  vector_index boolean not null default false,
  refreshed_at timestamptz not null default now()
);
create table passage_frequency (
  shop_id uuid not null,
  lexeme text not null,
  passages integer not null,
  primary key (shop_id, lexeme)
);
