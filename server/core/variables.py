"""Every environment variable that Aisle reads, each described where it is defined. `docs/settings.md` is made from this
table, and `server.core.settings` takes names and defaults from it."""

import difflib
import re
from collections.abc import Iterable

from msgspec import Struct


class Variable(Struct, frozen=True, kw_only=True):
    """One environment variable. Texts are Markdown and complete sentences."""

    name: str
    group: str
    form: str
    """What a value looks like, in a few words."""
    meaning: str
    example: str
    default: str = ""
    """The value that is used when none is set; "" for none."""
    without: str = ""
    """What happens without a value, where the default does not say it."""
    required: str = ""
    """Where Aisle does not start without it; "" for nowhere."""


INSTALLATION, SERVERS, NETWORK = "The installation", "Database and Redis", "The network"
MAIL, MODELS, SHOPIFY, STRIPE = "Mail", "Models", "Shopify", "Stripe"

ENV = Variable(
    name="AISLE_ENV",
    group=INSTALLATION,
    form="`demo` or `production`",
    default="demo",
    meaning="What the installation is for. `production` requires `AISLE_SECRET_KEY`, writes its log as JSON and does "
    "not serve the demo storefront.",
    example="production",
)
DATA_DIR = Variable(
    name="AISLE_DATA_DIR",
    group=INSTALLATION,
    form="folder",
    default=".aisle",
    meaning="Where Aisle keeps what is not in the database: the prepared weights of the local embedder and, without "
    "`AISLE_DATABASE_URL` or `AISLE_REDIS_URL`, the embedded servers and their data. It has to be writable.",
    example="/var/lib/aisle",
)
BASE_URL = Variable(
    name="AISLE_BASE_URL",
    group=INSTALLATION,
    form="address (`http` or `https`)",
    default="http://127.0.0.1:8080",
    without="`aisle serve` uses the address it listens on.",
    meaning="The address under which browsers, stores and Stripe reach this installation. A path is allowed. Links in "
    "mails, the addresses of webhooks and the widget's own origin are made from it.",
    example="https://aisle.example.com",
)
SECRET_KEY = Variable(
    name="AISLE_SECRET_KEY",
    group=INSTALLATION,
    form="keys of 32 characters or more, separated by commas, newest first",
    without="A demo makes its own key and keeps it in the data folder.",
    required="with `AISLE_ENV=production`",
    meaning="Signs sessions, encrypts the credentials of stores, and derives the password of the app's database role. "
    "The first key signs and encrypts; all of them verify and decrypt. To change keys, put the new one in front and "
    "run `aisle migrate`. Keep the old one: credentials that it encrypted cannot be read without it.",
    example="Vx8…(random)…Qe",
)
LOG_FORMAT = Variable(
    name="AISLE_LOG_FORMAT",
    group=INSTALLATION,
    form="`json` or `console`",
    without="`json` in production, `console` in a demo.",
    meaning="How log lines are written to stderr: one JSON object per line, or text for people.",
    example="json",
)
DATABASE_URL = Variable(
    name="AISLE_DATABASE_URL",
    group=SERVERS,
    form="address (`postgresql`)",
    without="Aisle starts its own PostgreSQL in the data folder.",
    meaning="PostgreSQL with the pgvector extension, as the role that owns the tables. `aisle migrate` and the "
    "building of search indexes use this role; requests use the app's role.",
    example="postgresql://aisle_owner:…@db.example.com/aisle",
)
APP_DATABASE_URL = Variable(
    name="AISLE_APP_DATABASE_URL",
    group=SERVERS,
    form="address (`postgresql`)",
    without="The role named by `AISLE_APP_ROLE` on the server of `AISLE_DATABASE_URL`, with a password derived from "
    "`AISLE_SECRET_KEY`.",
    meaning="The connection that requests and jobs use, for operators who manage the app's role themselves. Aisle "
    "refuses a role that owns the tables, is a superuser or bypasses row-level security.",
    example="postgresql://aisle_app:…@db.example.com/aisle",
)
APP_ROLE = Variable(
    name="AISLE_APP_ROLE",
    group=SERVERS,
    form="role name (lower-case letters, digits, `_`)",
    default="aisle_app",
    meaning="The role that `aisle migrate` creates for requests and jobs. Two installations on one database server "
    "need two names.",
    example="aisle_app",
)
DATABASE_CONNECTIONS = Variable(
    name="AISLE_DATABASE_CONNECTIONS",
    group=SERVERS,
    form="whole number",
    without="A process takes up to 24, or its share of what the database has left when it starts.",
    meaning="How many database connections one process may hold, at least 4. `aisle serve --workers N` and "
    "`aisle worker` take as many each.",
    example="12",
)
REDIS_URL = Variable(
    name="AISLE_REDIS_URL",
    group=SERVERS,
    form="address (`redis`, `rediss` or `unix`)",
    without="Aisle starts its own Redis in the data folder.",
    meaning="Redis 6.2 or newer, or Valkey. It holds running answers, rate limits and who is typing; nothing is lost "
    "for good when it is emptied.",
    example="redis://redis.example.com:6379/0",
)
TRUSTED_PROXIES = Variable(
    name="AISLE_TRUSTED_PROXIES",
    group=NETWORK,
    form="whole number",
    default="0",
    meaning="How many proxies in front of Aisle append to `X-Forwarded-For`. With too low a number, all visitors of a "
    "shop count as one network and share its limits; with too high a number, visitors can forge their address.",
    example="1",
)
EGRESS_ALLOW = Variable(
    name="AISLE_EGRESS_ALLOW",
    group=NETWORK,
    form="`host:port` pairs, separated by commas",
    meaning="Servers that Aisle may fetch from although their address is not public, such as a shop on the same "
    "network. Every other private address is refused.",
    example="shop.internal:8443",
)
SMTP_URL = Variable(
    name="AISLE_SMTP_URL",
    group=MAIL,
    form="address (`smtp` or `smtps`)",
    without="No mail is sent at all: no one-time codes for orders, no replies to shoppers who left, no billing notices."
    "",
    meaning="The mail server. A password is sent over an encrypted connection only, unless the server is on this "
    "machine.",
    example="smtp://user:password@mail.example.com:587",
)
MAIL_FROM = Variable(
    name="AISLE_MAIL_FROM",
    group=MAIL,
    form="sender",
    default="Aisle <no-reply@aisle.example>",
    meaning="The sender of every mail. Use an address that your mail server may send for; the default is a placeholder."
    "",
    example="My Shop <help@my-shop.example>",
)
OPENAI_API_KEY = Variable(
    name="OPENAI_API_KEY",
    group=MODELS,
    form="key",
    without="Unless `OPENAI_BASE_URL` is set, no model is used: the built-in engine answers.",
    meaning="The key for the chat model, and for the embedding model where it is a remote one.",
    example="sk-…",
)
OPENAI_BASE_URL = Variable(
    name="OPENAI_BASE_URL",
    group=MODELS,
    form="address (`http` or `https`)",
    default="https://api.openai.com/v1",
    meaning="Any server with an OpenAI-compatible API. Setting it switches the model on, also without a key.",
    example="http://127.0.0.1:11434/v1",
)
CHAT_MODEL = Variable(
    name="AISLE_CHAT_MODEL",
    group=MODELS,
    form="model name",
    default="gpt-4.1-mini",
    meaning="The model that answers shoppers. It is used only where `OPENAI_API_KEY` or `OPENAI_BASE_URL` is set.",
    example="gpt-4.1-mini",
)
CHAT_MODEL_IMAGES = Variable(
    name="AISLE_CHAT_MODEL_IMAGES",
    group=MODELS,
    form="`on` or `off`",
    default="off",
    meaning="Whether the chat model can see pictures. When it is `off`, pictures that shoppers send are shown to staff "
    "only.",
    example="on",
)
EMBEDDING_MODEL = Variable(
    name="AISLE_EMBEDDING_MODEL",
    group=MODELS,
    form="`local` or a model name",
    default="local",
    meaning="The model that search compares meanings with. `local` runs on this machine; any other name is asked for "
    "at `OPENAI_BASE_URL`. After a change every shop is embedded anew in the background.",
    example="text-embedding-3-small",
)
SHOPIFY_API_KEY = Variable(
    name="SHOPIFY_API_KEY",
    group=SHOPIFY,
    form="client id",
    without="Shopify stores cannot be connected.",
    meaning="The client id of your Shopify app. It is used together with `SHOPIFY_API_SECRET`.",
    example="0123456789abcdef0123456789abcdef",
)
SHOPIFY_API_SECRET = Variable(
    name="SHOPIFY_API_SECRET",
    group=SHOPIFY,
    form="secrets, separated by commas, newest first",
    without="Shopify stores cannot be connected.",
    meaning="The client secret of your Shopify app. After a rotation keep the old one behind the new one for a while, "
    "because Shopify goes on signing with it.",
    example="shpss_…",
)
SHOPIFY_ORIGIN = Variable(
    name="AISLE_SHOPIFY_ORIGIN",
    group=SHOPIFY,
    form="address with `{store}`",
    default="https://{store}",
    meaning="Where a Shopify store answers; `{store}` stands for its domain. Change it only to talk to a stand-in, as "
    "the demo and the tests do.",
    example="http://127.0.0.1:9000/{store}",
)
STRIPE_SECRET_KEY = Variable(
    name="STRIPE_SECRET_KEY",
    group=STRIPE,
    form="key",
    without="Billing is off, and every shop may use everything.",
    meaning="The secret key of your Stripe account. It switches billing on.",
    example="sk_live_…",
)
STRIPE_WEBHOOK_SECRET = Variable(
    name="STRIPE_WEBHOOK_SECRET",
    group=STRIPE,
    form="secrets, separated by commas, newest first",
    required="with `STRIPE_SECRET_KEY` (but not by `aisle billing setup`)",
    meaning="The signing secret of the webhook `{AISLE_BASE_URL}/webhooks/stripe`. While you rotate it, list both.",
    example="whsec_…",
)
STRIPE_API_BASE = Variable(
    name="STRIPE_API_BASE",
    group=STRIPE,
    form="address (`http` or `https`)",
    without="Stripe itself.",
    meaning="Where Stripe's API answers. Change it only to talk to a stand-in, as the demo and the tests do.",
    example="http://127.0.0.1:9001",
)
DEMO_MAILBOX = Variable(
    name="AISLE_DEMO_MAILBOX",
    group=MAIL,
    form="address (`http`)",
    meaning="Where the demo's storefront links to the mails it has sent. `aisle demo` sets it; nothing else needs it.",
    example="http://127.0.0.1:8025",
)

VARIABLES = (
    ENV,
    DATA_DIR,
    BASE_URL,
    SECRET_KEY,
    LOG_FORMAT,
    DATABASE_URL,
    APP_DATABASE_URL,
    APP_ROLE,
    DATABASE_CONNECTIONS,
    REDIS_URL,
    TRUSTED_PROXIES,
    EGRESS_ALLOW,
    SMTP_URL,
    MAIL_FROM,
    DEMO_MAILBOX,
    OPENAI_API_KEY,
    OPENAI_BASE_URL,
    CHAT_MODEL,
    CHAT_MODEL_IMAGES,
    EMBEDDING_MODEL,
    SHOPIFY_API_KEY,
    SHOPIFY_API_SECRET,
    SHOPIFY_ORIGIN,
    STRIPE_SECRET_KEY,
    STRIPE_WEBHOOK_SECRET,
    STRIPE_API_BASE,
)
"""In the order of `docs/settings.md`."""
DEVELOPERS = frozenset({"AISLE_PYTHON", "AISLE_CHROMIUM", "AISLE_SCREENSHOTS"})
"""Read by `make` and the tests; a server that they start inherits them."""
_SERVICE_LINK = re.compile(r"_SERVICE_(HOST|PORT)(_\w+)?$|_PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?$")
"""Kubernetes gives every pod such variables for every service of its namespace: one called "aisle" or "aisle-api" makes
AISLE_PORT, AISLE_SERVICE_HOST, AISLE_API_PORT_8080_TCP and so on
(https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables)."""


def unknown_variables(names: Iterable[str]) -> dict[str, str | None]:
    """The AISLE_* names among `names` that no setting has, each with the name of the setting that it resembles most."""
    known = {variable.name for variable in VARIABLES}
    unknown = [name for name in names if name.startswith("AISLE_") and name not in known | DEVELOPERS]
    return {
        name: next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.75)), None)
        for name in sorted(unknown)
        if not _SERVICE_LINK.search(name)
    }
