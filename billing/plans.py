"""The plans, as one table. A changed plan is a new row with the next version: earlier subscribers keep theirs."""

from typing import Final

from msgspec import Struct

ANSWERS = "aisle_answers"
"""The billing meter that answers beyond a plan are counted on."""
RESOLUTIONS = "aisle_resolutions"
"""The billing meter that final resolutions are counted on."""
NEVER = 2**53
"""Stands for "no limit" where a number is needed; exact also in JSON readers that know only doubles."""


class MeteredPrice(Struct, frozen=True, kw_only=True):
    """What a plan bills by use, each at `unit_minor`; `lookup_key` is Stripe's of the metered price."""

    meter: str
    unit_minor: int
    lookup_key: str


class Plan(Struct, frozen=True, kw_only=True):
    """What a shop may have. None means without limit; money in minor units of `currency`."""

    id: str
    version: int
    name: str
    answers: int | None
    """Answers in a period (a month from the day of subscribing)."""
    tokens: int | None
    """Model tokens in a period, prompt and completion together; a brake against abuse far above ordinary use."""
    products: int | None
    documents: int | None
    storage_mb: int | None
    """Text and pictures kept for the shop."""
    seats: int | None
    """Staff with a sign-in."""
    answers_per_minute: int
    features: frozenset[str]
    price_minor: int | None
    """A month's price; None where it is agreed upon by talking."""
    overage_minor: int | None = None
    """Each answer beyond the plan, where the shop has chosen to pay for them; None where it cannot."""
    resolution_minor: int | None = None
    """Each final resolution (`billing.resolutions`); None where resolutions are not what is billed."""
    currency: str = "USD"
    trial_days: int = 0

    @property
    def lookup_key(self) -> str:
        """Stripe's lookup key of the monthly price: the same word in every environment, whatever the price's id."""
        return f"aisle_{self.id}_v{self.version}"

    @property
    def metered(self) -> MeteredPrice | None:
        """What is billed by use; None where nothing is."""
        if self.resolution_minor is not None:
            key = f"{self.lookup_key}_resolutions"
            return MeteredPrice(meter=RESOLUTIONS, unit_minor=self.resolution_minor, lookup_key=key)
        if self.overage_minor is not None:
            key = f"{self.lookup_key}_overage"
            return MeteredPrice(meter=ANSWERS, unit_minor=self.overage_minor, lookup_key=key)
        return None

    @property
    def price_keys(self) -> tuple[str, ...]:
        """The lookup keys of all its prices."""
        return (self.lookup_key, self.metered.lookup_key) if self.metered else (self.lookup_key,)


HIDE_BRANDING, OWN_DOMAIN, MODEL_CHOICE, SSO = "hide_branding", "own_domain", "model_choice", "sso"
FEATURES: Final = frozenset({HIDE_BRANDING, OWN_DOMAIN, MODEL_CHOICE, SSO})
SHOWN: Final = frozenset({HIDE_BRANDING})
"""Those with something behind them today. The others are checks that wait for it, and nobody is sold them."""

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
"""Its answers and tokens are a brake against abuse, not what is paid for."""
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
"""Self-hosted, with billing switched off."""
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
"""After the trial or a subscription has ended: everything is kept, nothing is answered."""

PLANS: Final = (TRIAL, RESOLUTION, STARTER, PRO, ENTERPRISE)
"""Every version that somebody may still have, the newest of each first."""
OFFERED: Final = (RESOLUTION, STARTER, PRO, ENTERPRISE)
"""What can be subscribed to now, the smallest monthly price first."""
BY_RESOLUTION: Final = tuple(plan for plan in PLANS if plan.resolution_minor is not None)
"""Those that bill by resolution; a trigger of the database (sql/resolutions.sql) knows them by their lookup keys."""


def find_plan(lookup_key: str | None) -> Plan | None:
    """The plan that a Stripe price stands for; None for a price that is none of ours."""
    return next((plan for plan in PLANS if plan.lookup_key == lookup_key), None)


def find_offered(plan_id: str) -> Plan | None:
    """The newest version of a plan that can be subscribed to."""
    return next((plan for plan in OFFERED if plan.id == plan_id), None)


def has_feature(plan: Plan, name: str) -> bool:
    """Whether the plan has one of FEATURES. Raises KeyError for a name that is none: a check must not pass or fail
    by a slip of the pen."""
    if name not in FEATURES:
        raise KeyError(name)
    return name in plan.features
