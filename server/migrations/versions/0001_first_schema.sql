-- Aisle's tables. Those with shop_id belong to one shop: shop_id leads every key and index, so the schema spreads
-- over a sharded Postgres by shop_id unchanged. The others are small global look-ups that contain nothing of a shop.

-- who signs in --------------------------------------------------------------------------------------------------
CREATE TABLE merchant (
    id            uuid PRIMARY KEY,
    email         text NOT NULL UNIQUE CHECK (email = lower(email)),
    name          text NOT NULL DEFAULT '',
    password_hash text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now()
);

-- tenants -------------------------------------------------------------------------------------------------------
CREATE TABLE shop (
    id              uuid PRIMARY KEY,
    name            text NOT NULL,
    status          text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
    locale          text NOT NULL DEFAULT 'en',
    currency        text NOT NULL DEFAULT 'USD' CHECK (currency ~ '^[A-Z]{3}$'),
    storefront_url  text,
    appearance      jsonb NOT NULL DEFAULT '{}',
    greeting        text,
    suggestions     jsonb NOT NULL DEFAULT '[]',
    tone            text,
    contact         jsonb NOT NULL DEFAULT '{}',
    handoff         jsonb NOT NULL DEFAULT '{}',
    order_access    text NOT NULL DEFAULT 'standard' CHECK (order_access IN ('standard', 'open', 'strict')),
    identity_secret bytea NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE member (
    shop_id     uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    merchant_id uuid NOT NULL REFERENCES merchant (id) ON DELETE CASCADE,
    role        text NOT NULL CHECK (role IN ('owner', 'admin', 'agent', 'viewer')),
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shop_id, merchant_id)
);
CREATE INDEX member_merchant ON member (merchant_id);

CREATE TABLE api_key (
    shop_id      uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    id           uuid NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('publishable', 'secret')),
    name         text NOT NULL DEFAULT '',
    prefix       text NOT NULL,
    publishable  text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    revoked_at   timestamptz,
    PRIMARY KEY (shop_id, id)
);

-- The way from a key to its shop, before any shop is known: SHA-256 of 256 random bits, nothing to guess from.
CREATE TABLE key_directory (
    key_hash bytea PRIMARY KEY,
    kind     text NOT NULL,
    shop_id  uuid NOT NULL,
    key_id   uuid NOT NULL
);

CREATE TABLE shop_origin (
    shop_id uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    origin  text NOT NULL,
    PRIMARY KEY (shop_id, origin)
);

-- A browser's preflight names no shop: it may pass when any shop lists the origin; the request itself then meets
-- its own shop's list.
CREATE TABLE origin_directory (
    origin  text NOT NULL,
    shop_id uuid NOT NULL,
    PRIMARY KEY (origin, shop_id)
);

CREATE TABLE audit_entry (
    shop_id uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    id      uuid NOT NULL,
    actor   text NOT NULL,
    action  text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}',
    at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shop_id, id)
);

CREATE TABLE connection (
    shop_id     uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    id          uuid NOT NULL,
    platform    text NOT NULL,
    name        text NOT NULL,
    settings    jsonb NOT NULL DEFAULT '{}',
    credentials bytea,
    state       text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'revoked', 'paused')),
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shop_id, id)
);

-- catalog and knowledge (passages stand below) ----------------------------------------------------------------------
CREATE TABLE product (
    shop_id           uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    id                uuid NOT NULL,
    external_id       text NOT NULL,
    title             text NOT NULL,
    description       text NOT NULL DEFAULT '',
    brand             text,
    category          jsonb NOT NULL DEFAULT '[]',
    url               text,
    image_url         text,
    price_minor       bigint,
    compare_at_minor  bigint,
    currency          text,
    available         boolean NOT NULL DEFAULT true,
    variants          jsonb NOT NULL DEFAULT '[]',
    attributes        jsonb NOT NULL DEFAULT '{}',
    identifiers       jsonb NOT NULL DEFAULT '[]',
    content_hash      bytea NOT NULL,
    source            text NOT NULL,
    source_updated_at timestamptz,
    fetched_at        timestamptz NOT NULL,
    created_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shop_id, id),
    UNIQUE (shop_id, external_id)
);

CREATE TABLE knowledge_source (
    shop_id    uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    id         uuid NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('site')),
    url        text NOT NULL,
    max_pages  integer NOT NULL DEFAULT 200,
    state      text NOT NULL DEFAULT 'new',
    synced_at  timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shop_id, id)
);

CREATE TABLE document (
    shop_id      uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    id           uuid NOT NULL,
    external_id  text NOT NULL,
    title        text NOT NULL,
    url          text,
    content_hash bytea NOT NULL,
    source       text NOT NULL,
    fetched_at   timestamptz NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shop_id, id),
    UNIQUE (shop_id, external_id)
);

-- conversations ---------------------------------------------------------------------------------------------------
CREATE TABLE conversation (
    shop_id         uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    id              uuid NOT NULL,
    shopper_id      uuid NOT NULL,
    customer_id     text,
    customer_email  text,
    state           text NOT NULL DEFAULT 'open'
                    CHECK (state IN ('open', 'requested', 'waiting', 'joined', 'closed')),
    locale          text NOT NULL DEFAULT 'en',
    origin          text,
    assignee        uuid,
    contact_email   text,
    tags            jsonb NOT NULL DEFAULT '[]',
    preview         text NOT NULL DEFAULT '',
    last_seq        integer NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL DEFAULT now(),
    last_message_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shop_id, id)
);
CREATE INDEX conversation_newest ON conversation (shop_id, last_message_at DESC, id DESC);
CREATE INDEX conversation_waiting ON conversation (shop_id, last_message_at DESC)
    WHERE state IN ('requested', 'waiting');

-- A message's id is the client's where the client wrote it, so it is unique within its conversation only.
CREATE TABLE message (
    shop_id         uuid NOT NULL,
    conversation_id uuid NOT NULL,
    id              text NOT NULL,
    seq             integer NOT NULL,
    author          text NOT NULL CHECK (author IN ('shopper', 'assistant', 'staff', 'system')),
    turn_id         uuid,
    parts           jsonb NOT NULL,
    metadata        jsonb NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shop_id, conversation_id, id),
    UNIQUE (shop_id, conversation_id, seq),
    FOREIGN KEY (shop_id, conversation_id) REFERENCES conversation (shop_id, id) ON DELETE CASCADE
);

CREATE TABLE turn (
    shop_id         uuid NOT NULL,
    id              uuid NOT NULL,
    conversation_id uuid NOT NULL,
    question_id     text NOT NULL,
    answer_id       text NOT NULL,
    state           text NOT NULL DEFAULT 'running'
                    CHECK (state IN ('running', 'done', 'stopped', 'failed', 'interrupted')),
    answered_by     text,
    usage_state     text NOT NULL DEFAULT 'reserved' CHECK (usage_state IN ('reserved', 'settled', 'released')),
    trace           jsonb NOT NULL DEFAULT '{}',
    started_at      timestamptz NOT NULL DEFAULT now(),
    lease_until     timestamptz NOT NULL,
    ended_at        timestamptz,
    PRIMARY KEY (shop_id, id),
    UNIQUE (shop_id, conversation_id, question_id),
    FOREIGN KEY (shop_id, conversation_id) REFERENCES conversation (shop_id, id) ON DELETE CASCADE
);
CREATE INDEX turn_started ON turn (shop_id, started_at);
CREATE INDEX turn_running ON turn (shop_id, lease_until) WHERE state = 'running';

CREATE TABLE feedback (
    shop_id         uuid NOT NULL,
    conversation_id uuid NOT NULL,
    message_id      text NOT NULL,
    rating          text NOT NULL CHECK (rating IN ('up', 'down')),
    comment         text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shop_id, conversation_id, message_id),
    FOREIGN KEY (shop_id, conversation_id, message_id)
        REFERENCES message (shop_id, conversation_id, id) ON DELETE CASCADE
);

-- orders: what somebody has proven, never the order itself -----------------------------------------------------------
CREATE TABLE proof (
    shop_id         uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    conversation_id uuid NOT NULL,
    order_number    text NOT NULL,
    level           integer NOT NULL CHECK (level BETWEEN 1 AND 2),
    proven_at       timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL,
    PRIMARY KEY (shop_id, conversation_id, order_number)
);

CREATE TABLE one_time_code (
    shop_id         uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    conversation_id uuid NOT NULL,
    order_number    text NOT NULL,
    code_hash       bytea NOT NULL,
    tries_left      integer NOT NULL,
    expires_at      timestamptz NOT NULL,
    PRIMARY KEY (shop_id, conversation_id, order_number)
);

CREATE TABLE attempt (
    shop_id      uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    scope        text NOT NULL,
    subject      bytea NOT NULL,
    window_start timestamptz NOT NULL,
    count        integer NOT NULL,
    PRIMARY KEY (shop_id, scope, subject)
);

-- jobs: the truth about work to do; Redis only wakes a worker ----------------------------------------------------------
CREATE TABLE job (
    shop_id     uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    id          uuid NOT NULL,
    kind        text NOT NULL,
    payload     jsonb NOT NULL DEFAULT '{}',
    state       text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed')),
    done        bigint NOT NULL DEFAULT 0,
    total       bigint,
    errors      jsonb NOT NULL DEFAULT '[]',
    result      jsonb NOT NULL DEFAULT '{}',
    attempts    integer NOT NULL DEFAULT 0,
    lease       uuid,
    lease_until timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz,
    PRIMARY KEY (shop_id, id)
);

-- Which shop has work due: ids only, so that one sweep over all shops reads no shop's content.
CREATE TABLE outbox (
    shop_id uuid NOT NULL,
    job_id  uuid NOT NULL,
    due_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shop_id, job_id)
);
CREATE INDEX outbox_due ON outbox (due_at);

CREATE TABLE upload (
    shop_id    uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    id         uuid NOT NULL,
    name       text NOT NULL,
    data       bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shop_id, id)
);

CREATE TABLE idempotency_key (
    shop_id      uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    route        text NOT NULL,
    key          text NOT NULL,
    request_hash bytea NOT NULL,
    status       integer,
    body         bytea,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (shop_id, route, key)
);

-- Which shops have turns whose process was lost: ids only, for the worker that ends them.
CREATE INDEX turn_lease ON turn (lease_until) WHERE state = 'running';

-- search -----------------------------------------------------------------------------------------------------------
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
-- exists, and how many passages contain each of its commoner lexemes. All of it may be missing: then the
-- search counts for itself.
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

-- row-level security beyond enable_tenant_rls (operations.py) ----------------------------------------------------
-- A merchant sees which shops they belong to before one is chosen.
CREATE POLICY own_memberships ON member FOR SELECT
    USING (merchant_id = nullif(current_setting('app.merchant_id', true), '')::uuid);

-- The directories are readable without a shop (that is what they are for), and writable only for the own shop.
CREATE POLICY look_up ON key_directory FOR SELECT USING (true);
CREATE POLICY look_up ON origin_directory FOR SELECT USING (true);
