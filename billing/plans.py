"""The table of plans. A changed plan is a new row with the next version; earlier subscribers stay on theirs."""

from typing import Final

from msgspec import Struct

ANSWERS = "aisle_answers"
"""The meter of answers beyond a plan."""
RESOLUTIONS = "aisle_resolutions"
"""The meter of final resolutions."""
NEVER = 2**53
"""Means "no limit" where a number is needed; exact in JSON readers that have only doubles."""


class MeteredPrice(Struct, frozen=True, kw_only=True):
    """The price of a plan's usage: `unit_minor` for each unit; `lookup_key` is that of Stripe's metered price."""

    meter: str
    unit_minor: int
    lookup_key: str


class Plan(Struct, frozen=True, kw_only=True):
    """What a shop may use. None means without limit; amounts are in minor units of `currency`."""

    id: str
    version: int
    name: str
    answers: int | None
    """Answers in a period (a month from the day of subscribing)."""
    tokens: int | None
    """Model tokens in a period, prompt and completion together; a limit against abuse, far above ordinary use."""
    products: int | None
    documents: int | None
    storage_mb: int | None
    """MB of text and pictures stored for the shop."""
    seats: int | None
    """Members who may sign in to the console."""
    answers_per_minute: int
    features: frozenset[str]
    price_minor: int | None
    """The monthly price; None for a plan that is not sold."""
    overage_minor: int | None = None
    """The price of an answer beyond the plan, for shops that choose to pay for them; None when they cannot."""
    resolution_minor: int | None = None
    """The price of a final resolution (`billing.resolutions`); None on a plan that does not bill by resolution."""
    currency: str = "USD"
    trial_days: int = 0

    @property
    def lookup_key(self) -> str:
        """The lookup key of the monthly price at Stripe; unlike the price's id it is the same in every account."""
        return f"aisle_{self.id}_v{self.version}"

    @property
    def metered(self) -> MeteredPrice | None:
        """The price of usage; None when no usage is billed."""
        if self.resolution_minor is not None:
            key = f"{self.lookup_key}_resolutions"
            return MeteredPrice(meter=RESOLUTIONS, unit_minor=self.resolution_minor, lookup_key=key)
        if self.overage_minor is not None:
            key = f"{self.lookup_key}_overage"
            return MeteredPrice(meter=ANSWERS, unit_minor=self.overage_minor, lookup_key=key)
        return None

    @property
    def price_keys(self) -> tuple[str, ...]:
        """The lookup keys of the plan's prices."""
        return (self.lookup_key, self.metered.lookup_key) if self.metered else (self.lookup_key,)


HIDE_BRANDING, OWN_DOMAIN, MODEL_CHOICE, SSO = "hide_branding", "own_domain", "model_choice", "sso"
FEATURES: Final = frozenset({HIDE_BRANDING, OWN_DOMAIN, MODEL_CHOICE, SSO})
SHOWN: Final = frozenset({HIDE_BRANDING})
"""The features that exist. The code checks for the others already, but they are neither built nor offered."""

TRIAL = Plan(
    id="trial",
    version=1,
    name="Trial",
    answers=200,
    tokens=2_000_000,
    products=1_000,
    documents=100,
    storage_mb=100,
    seats=2,
    answers_per_minute=600,
    features=frozenset(),
    price_minor=0,
    trial_days=14,
)
STARTER = Plan(
    id="starter",
    version=1,
    name="Starter",
    answers=1_000,
    tokens=10_000_000,
    products=5_000,
    documents=500,
    storage_mb=500,
    seats=3,
    answers_per_minute=1_200,
    features=frozenset(),
    price_minor=2_900,
    overage_minor=5,
    trial_days=14,
)
RESOLUTION = Plan(
    id="resolution",
    version=1,
    name="By resolution",
    answers=20_000,
    tokens=200_000_000,
    products=50_000,
    documents=5_000,
    storage_mb=5_000,
    seats=10,
    answers_per_minute=3_000,
    features=frozenset({HIDE_BRANDING, OWN_DOMAIN, MODEL_CHOICE}),
    price_minor=1_900,
    resolution_minor=60,
    trial_days=14,
)
"""Its answers and tokens only limit abuse; they are not what is paid for."""
PRO = Plan(
    id="pro",
    version=1,
    name="Pro",
    answers=5_000,
    tokens=50_000_000,
    products=50_000,
    documents=5_000,
    storage_mb=5_000,
    seats=10,
    answers_per_minute=3_000,
    features=frozenset({HIDE_BRANDING, OWN_DOMAIN, MODEL_CHOICE}),
    price_minor=9_900,
    overage_minor=3,
    trial_days=14,
)
ENTERPRISE = Plan(
    id="enterprise",
    version=1,
    name="Enterprise",
    answers=50_000,
    tokens=500_000_000,
    products=None,
    documents=None,
    storage_mb=None,
    seats=None,
    answers_per_minute=30_000,
    features=FEATURES,
    price_minor=79_900,
    overage_minor=2,
)
UNLIMITED = Plan(
    id="unlimited",
    version=1,
    name="Unlimited",
    answers=None,
    tokens=None,
    products=None,
    documents=None,
    storage_mb=None,
    seats=None,
    answers_per_minute=60_000,
    features=FEATURES,
    price_minor=None,
)
"""The plan of every shop when billing is switched off."""
NONE = Plan(
    id="none",
    version=1,
    name="No plan",
    answers=0,
    tokens=0,
    products=1_000,
    documents=100,
    storage_mb=100,
    seats=2,
    answers_per_minute=600,
    features=frozenset(),
    price_minor=0,
)
"""The plan after a trial or subscription has ended: all data is kept, and shoppers get no answers."""

PLANS: Final = (TRIAL, RESOLUTION, STARTER, PRO, ENTERPRISE)
"""Every version that a shop may still be on, the newest of each first."""
OFFERED: Final = (RESOLUTION, STARTER, PRO, ENTERPRISE)
"""The plans that can be subscribed to, the smallest monthly price first."""
BY_RESOLUTION: Final = tuple(plan for plan in PLANS if plan.resolution_minor is not None)
"""The plans that bill by resolution. A database trigger (sql/resolutions.sql) contains their lookup keys too."""


def find_plan(lookup_key: str | None) -> Plan | None:
    """The plan of a Stripe price; None for an unknown price."""
    return next((plan for plan in PLANS if plan.lookup_key == lookup_key), None)


def find_offered(plan_id: str) -> Plan | None:
    """The newest version of a plan that can be subscribed to; None for any other id."""
    return next((plan for plan in OFFERED if plan.id == plan_id), None)


def has_feature(plan: Plan, name: str) -> bool:
    """Whether the plan has one of FEATURES. Raises KeyError for an unknown name, so that a typing error cannot decide a
    check."""
    if name not in FEATURES:
        raise KeyError(name)
    return name in plan.features
