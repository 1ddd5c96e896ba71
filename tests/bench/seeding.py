"""What surrounds the shop under test, written in bulk by the tables' owner: other shops, and old conversations."""

import asyncpg

NEIGHBOUR_PRODUCTS = 50
_MODEL = "all-MiniLM-L6-v2"

# Vectors are noise: nobody asks these shops, their rows are only in the way. 64 of them, each used many times.
_NEIGHBOURS = [
    "CREATE TEMP TABLE noise AS SELECT part, (SELECT array_agg(random() - 0.5 + 0 * part * axis) "
    "FROM generate_series(1, 384) AS axis)::halfvec(384) AS vector FROM generate_series(0, 63) AS part",
    "INSERT INTO shop (id, name, identity_secret) "
    "SELECT gen_random_uuid(), 'Neighbour ' || n, '\\x00' FROM generate_series(1, $1::integer) AS n",
    "INSERT INTO product (shop_id, id, external_id, title, content_hash, source, fetched_at) "
    "SELECT shop.id, gen_random_uuid(), 'n-' || n, 'Neighbourly ' || n, '\\x00', 'bench', now() "
    "FROM shop, generate_series(1, $1::integer) AS n WHERE shop.name LIKE 'Neighbour %'",
    "INSERT INTO passage (shop_id, id, kind, product_id, owner_external_id, title, body, content_hash, embedding, "
    "embedding_model, search) SELECT product.shop_id, gen_random_uuid(), 'product', product.id, external_id, title, "
    "words, '\\x00', vector, $1::text, passage_terms(product.shop_id, 'english'::regconfig, title, words, '{}') "
    "FROM product JOIN noise ON part = right(external_id, 1)::integer + 10 * (ascii(product.id::text) % 6), "
    "LATERAL (SELECT 'A jacket, a lamp or a boot of ' || md5(product.id::text) || ' for the office and winter, it is "
    "made by hand, delivered within days and returned within a month' AS words) AS text WHERE source = 'bench'",
]

_CONVERSATIONS = [
    "INSERT INTO conversation (shop_id, id, shopper_id, preview, last_seq) "
    "SELECT $1::uuid, gen_random_uuid(), gen_random_uuid(), 'bench', 4 FROM generate_series(1, $2::integer)",
    "INSERT INTO message (shop_id, conversation_id, id, seq, author, parts) "
    "SELECT shop_id, conversation.id, 'm-' || n, n, CASE n % 2 WHEN 1 THEN 'shopper' ELSE 'assistant' END, "
    "jsonb_build_array(jsonb_build_object('type', 'text', 'text', repeat('An old question or its answer. ', 6))) "
    "FROM conversation, generate_series(1, 4) AS n WHERE shop_id = $1 AND preview = 'bench'",
    "INSERT INTO turn (shop_id, id, conversation_id, question_id, answer_id, state, usage_state, lease_until) "
    "SELECT shop_id, gen_random_uuid(), conversation.id, 'm-' || n, 'm-' || n + 1, 'done', 'settled', now() "
    "FROM conversation, (VALUES (1), (3)) AS question (n) WHERE shop_id = $1 AND preview = 'bench'",
]


async def add_neighbours(owner_url: str, shops: int) -> None:
    """So many other shops, with `NEIGHBOUR_PRODUCTS` products each."""
    connection = await asyncpg.connect(owner_url)
    try:
        if await connection.fetchval("SELECT EXISTS (SELECT FROM shop WHERE name LIKE 'Neighbour %')"):
            return  # a kept data dir
        for statement, values in zip(_NEIGHBOURS, ((), (shops,), (NEIGHBOUR_PRODUCTS,), (_MODEL,)), strict=True):
            await connection.execute(statement, *values)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def add_conversations(owner_url: str, shop_id: str, count: int) -> None:
    """So many conversations of two turns each."""
    connection = await asyncpg.connect(owner_url)
    try:
        if await connection.fetchval("SELECT EXISTS (SELECT FROM conversation WHERE preview = 'bench')"):
            return  # a kept data dir
        for statement, values in zip(_CONVERSATIONS, ((shop_id, count), (shop_id,), (shop_id,)), strict=True):
            await connection.execute(statement, *values)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
