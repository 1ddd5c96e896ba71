"""The plans, as one table. A changed plan is a new row with the next version: earlier subscribers keep theirs."""

from typing import Final

from msgspec import Struct

ANSWERS = "aisle_answers"
"""The billing meter that answers beyond a plan are counted on."""
NEVER = 2**53
"""Stands for "no limit" where a number is needed; exact also in JSON readers that know only doubles."""


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
    currency: str = "USD"
    trial_days: int = 0

    @property
    def lookup_key(self) -> str:
        """Stripe's lookup key of the monthly price: the same word in every environment, whatever the price's id."""
        return f"aisle_{self.id}_v{self.version}"

    @property
    def overage_key(self) -> str | None:
        """Stripe's lookup key of the metered price; None without overage."""
        return f"{self.lookup_key}_overage" if self.overage_minor is not None else None


HIDE_BRANDING, OWN_DOMAIN, MODEL_CHOICE, SSO = "hide_branding", "own_domain", "model_choice", "sso"
FEATURES: Final = frozenset({HIDE_BRANDING, OWN_DOMAIN, MODEL_CHOICE, SSO})

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

PLANS: Final = (TRIAL, STARTER, PRO, ENTERPRISE)
"""Every version that somebody may still have, the newest of each first."""
OFFERED: Final = (STARTER, PRO, ENTERPRISE)
"""What can be subscribed to now, the smallest first."""


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
