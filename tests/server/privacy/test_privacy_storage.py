"""The queries of privacy requests, with more conversations than a statement may have parameters."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from server.core.database import Database
from server.privacy import storage
from tests.installation import Installation

MORE_THAN_PARAMETERS = 40_000


@pytest.fixture
async def database(installation: Installation) -> AsyncIterator[Database]:
    database = Database(installation.app_database_url, pool_size=1)
    await database.open()
    yield database
    await database.close()


async def test_a_shop_of_any_size_is_erased(database: Database, installation: Installation) -> None:
    shop_id = UUID(installation.create_shop("Large house").shop_id)
    ids = [uuid4() for _ in range(MORE_THAN_PARAMETERS)]
    async with database.session(shop_id) as session:
        assert await storage.list_persons(session, shop_id, ids) == []
        assert not any((await storage.get_personal_data(session, shop_id, ids)).counts().values())
        assert not any((await storage.erase_conversations(session, shop_id, ids)).values())
        assert await storage.erase_exports(session, shop_id, [each.bytes for each in ids]) == 0
