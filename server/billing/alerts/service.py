"""What a merchant wants to be told, chosen and kept."""

from uuid import UUID

from server.billing.alerts import storage
from server.billing.alerts.models import AlertChoices
from server.billing.entitlements import Entitlements
from server.core.database import Database
from server.shops.models import Caller, Role
from server.shops.service import ShopService


class AlertService:
    """The alerts of all shops."""

    def __init__(self, database: Database, entitlements: Entitlements, shops: ShopService) -> None:
        self._database, self._entitlements, self._shops = database, entitlements, shops

    async def of(self, shop_id: UUID) -> AlertChoices:
        """What holds now: the usual, where nothing was chosen."""
        alerts = (await self._entitlements.account(shop_id)).alerts
        return AlertChoices(at_percents=list(alerts.at_percents), spent_minor=alerts.spent_minor)

    async def choose(self, caller: Caller, choices: AlertChoices) -> AlertChoices:
        """From now on; shares that are named twice count once."""
        caller.require(Role.ADMIN)
        percents = sorted(set(choices.at_percents))
        async with self._database.connection(caller.shop_id) as connection:
            await storage.save_alerts(connection, caller.shop_id, percents, choices.spent_minor)
        self._entitlements.invalidate(caller.shop_id)
        details: dict[str, object] = {"at_percents": percents, "spent_minor": choices.spent_minor}
        await self._shops.note(caller.shop_id, caller.actor, "billing.alerts", details)
        return await self.of(caller.shop_id)
