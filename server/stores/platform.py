"""What a platform registers to be connected, read and listened to: one subclass a platform, in `platforms/`."""

from typing import Annotated, ClassVar, Protocol, TypeAlias, runtime_checkable

from litestar import Router
from msgspec import Meta, Struct
from redis.asyncio import Redis

from integrations.platform import ShopPlatform
from server.core.crypto import Vault
from server.core.egress import Egress
from server.core.rate_limit import RateLimiter
from server.core.settings import Settings
from server.shops.models import Caller
from server.shops.service import ShopService
from server.stores.connect_form import ConnectForm, Consent
from server.stores.credentials import SealedCredentials
from server.stores.models import NewStore, StoreConnection
from server.stores.models import Settings as StoreSettings
from server.stores.order_stores import OrderStores
from server.stores.service import StoreService
from server.stores.webhook_source import WebhookSource

MIN_EVERY_S, MAX_EVERY_S = 300, 7 * 24 * 3600
Text: TypeAlias = Annotated[str, Meta(max_length=2000, pattern=r"^[^\x00]*$")]


class StoreRequest(Struct, frozen=True, kw_only=True):
    """`POST /v1/connections`. Which fields are needed depends on the platform; see the message of a 422."""

    platform: Text
    name: Annotated[str, Meta(max_length=100, pattern=r"^[^\x00]*$")] = ""
    every_s: Annotated[int, Meta(ge=MIN_EVERY_S, le=MAX_EVERY_S)] = 3600
    """Seconds between two passes over the store; changes that it announces are read at once."""


class PlatformContext(Struct, frozen=True, kw_only=True):
    """What a platform may build its adapter and its services with."""

    settings: Settings
    vault: Vault
    redis: Redis
    limiter: RateLimiter
    egress: Egress
    shops: ShopService
    stores: StoreService
    order_stores: OrderStores


class StorePlatform:
    """A kind of store that shops can connect. What is not overridden, the platform does not have."""

    name: ClassVar[str]
    title: ClassVar[str]
    request: ClassVar[type[StoreRequest]] = StoreRequest
    """The body of `POST /v1/connections`."""
    takes_requests: ClassVar[bool] = True
    """False where a store is connected on the platform's consent page only."""
    form: ClassVar[ConnectForm | None] = None
    """None keeps the platform off the console's page of stores."""
    webhooks: ClassVar[WebhookSource | None] = None
    routes: ClassVar[tuple[Router, ...]] = ()
    """Pages and calls of the platform's own, such as the return from its consent page."""
    address_setting: ClassVar[str] = "store"
    """The setting of a connection that is shown as the store's address."""
    sign_in_help: ClassVar[str | None] = None
    """How to set up that shoppers sign in at the store from the chat; None where they cannot."""

    def __init__(self, context: PlatformContext) -> None:
        self.context = context

    def build_adapter(self, store: StoreConnection, credentials: SealedCredentials) -> ShopPlatform:
        """The adapter of a connected store. Opens no connection. Raises PlatformUnavailable where this installation
        lacks what the platform needs."""
        raise NotImplementedError

    async def prepare(self, request: StoreRequest) -> NewStore:
        """Try the store of a request, an instance of `self.request`. Raises Invalid, with a mistake for each field."""
        raise NotImplementedError

    @property
    def missing_settings(self) -> tuple[str, ...]:
        """Settings that the operator has to set before stores can be connected."""
        return ()

    @property
    def app_secrets(self) -> tuple[str, ...]:
        """The secrets that sign webhooks of a platform with `store_of`, newest first."""
        return ()

    def offers_consent(self) -> bool:
        """Whether the consent page of `form` can be used on this installation."""
        return bool(self.form and self.form.consent and not self.missing_settings)

    async def begin_consent(self, caller: Caller, entered_store: str) -> Consent:
        """Where the caller agrees to connect the store. Raises Invalid, ValueError."""
        raise NotImplementedError

    async def offers_sign_in(self, store: StoreConnection) -> bool:
        """Whether shoppers can sign in at this store from the chat."""
        return False

    def notes(self, settings: StoreSettings) -> tuple[str, ...]:
        """What the merchant should know about a store that works."""
        return ()


@runtime_checkable
class PlatformLookup(Protocol):
    """Finds a registered platform, for the routes of one."""

    def get(self, name: str) -> StorePlatform:
        """The platform of this name. Raises KeyError."""
