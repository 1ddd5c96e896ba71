"""Every setting, read once from the environment. `server.core.variables` describes each variable."""

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from server.core import variables
from server.core.connection_budget import MIN_CONNECTIONS
from server.core.errors import ConfigurationError
from server.core.variables import Variable

ENVIRONMENTS = ("demo", "production")
HTTP = ("http", "https")
POSTGRES = ("postgresql", "postgres")


class Settings(Struct, frozen=True, kw_only=True):
    """The settings of an installation. They contain secrets: never log them."""

    env: str
    data_dir: Path
    base_url: str
    secret_keys: tuple[str, ...]
    """Newest first: the first signs and encrypts, all verify and decrypt."""
    database_url: str | None
    """The owner's connection (migrations); None means the embedded server."""
    app_database_url: str | None
    """The app role's connection; None means `app_role` on the same server with a derived password."""
    app_role: str
    """The role that `aisle migrate` makes and gives its rights; the user of `app_database_url` comes before it."""
    database_connections: int | None
    """How many connections one process may hold; None means 24, or fewer where the server has fewer to share out."""
    redis_url: str | None
    openai_api_key: str | None
    openai_base_url: str
    chat_model: str | None
    """None means the engine answers alone."""
    chat_model_images: bool
    """Whether the chat model can see pictures that shoppers send; otherwise they are for staff only."""
    embedding_model: str
    smtp_url: str | None
    mail_from: str
    egress_allow: tuple[str, ...]
    """host:port pairs the egress client may reach although they are not global (a shop on the same network)."""
    trusted_proxies: int
    """How many proxies in front of us append to X-Forwarded-For; 0 trusts none."""
    log_format: str
    shopify_api_key: str | None
    shopify_api_secrets: tuple[str, ...]
    """Newest first: after a rotation Shopify still signs with the one before for a while."""
    shopify_origin: str
    """Where a Shopify store answers; "{store}" in it stands for the store's domain. Another than https://{store} is for
    servers on this machine that speak the wire."""
    stripe_secret_key: str | None
    """None: billing is switched off and every shop has everything."""
    stripe_webhook_secrets: tuple[str, ...]
    """Newest first: while a secret is rotated Stripe signs with both."""
    stripe_api_base: str | None
    """Where Stripe answers; None for Stripe itself."""
    demo_mailbox_url: str | None
    """Where the demo shows the mails it sends; set by `aisle demo`."""


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read and check all settings. Raises ConfigurationError with one line that names the variable."""
    env = os.environ if environment is None else environment
    # set but empty is more likely a production whose variable got lost than a wish for a demo
    no_name = "" if variables.ENV.name in env else variables.ENV.default
    name = _choice(env, variables.ENV, no_name, ENVIRONMENTS)
    data_dir = Path(_text(env, variables.DATA_DIR)).absolute()
    has_model = bool(env.get(variables.OPENAI_API_KEY.name) or env.get(variables.OPENAI_BASE_URL.name))
    log_format = "json" if name == "production" else "console"
    return Settings(
        env=name,
        data_dir=data_dir,
        base_url=_url(env, variables.BASE_URL),
        secret_keys=_secret_keys(env, name, data_dir),
        database_url=_optional_url(env, variables.DATABASE_URL, POSTGRES),
        app_database_url=_optional_url(env, variables.APP_DATABASE_URL, POSTGRES),
        app_role=_role(env),
        database_connections=_connections(env),
        redis_url=_optional_url(env, variables.REDIS_URL, ("redis", "rediss", "unix")),
        openai_api_key=env.get(variables.OPENAI_API_KEY.name) or ("none" if has_model else None),
        openai_base_url=_url(env, variables.OPENAI_BASE_URL),
        chat_model=_text(env, variables.CHAT_MODEL) if has_model else None,
        chat_model_images=_choice(env, variables.CHAT_MODEL_IMAGES, "off", ("on", "off")) == "on",
        embedding_model=_text(env, variables.EMBEDDING_MODEL),
        smtp_url=_optional_url(env, variables.SMTP_URL, ("smtp", "smtps")),
        mail_from=_text(env, variables.MAIL_FROM),
        egress_allow=_hosts(env, variables.EGRESS_ALLOW),
        trusted_proxies=_count(env, variables.TRUSTED_PROXIES),
        log_format=_choice(env, variables.LOG_FORMAT, log_format, ("json", "console")),
        shopify_api_key=env.get(variables.SHOPIFY_API_KEY.name) or None,
        shopify_api_secrets=_list(env, variables.SHOPIFY_API_SECRET),
        shopify_origin=_url(env, variables.SHOPIFY_ORIGIN),
        stripe_secret_key=env.get(variables.STRIPE_SECRET_KEY.name) or None,
        stripe_webhook_secrets=_webhook_secrets(env),
        stripe_api_base=_optional_url(env, variables.STRIPE_API_BASE, HTTP),
        demo_mailbox_url=_optional_url(env, variables.DEMO_MAILBOX, ("http",)),
    )


def _webhook_secrets(env: Mapping[str, str]) -> tuple[str, ...]:
    secrets_ = _list(env, variables.STRIPE_WEBHOOK_SECRET)
    if env.get(variables.STRIPE_SECRET_KEY.name) and not secrets_:
        raise ConfigurationError("STRIPE_WEBHOOK_SECRET is not set; Stripe shows it beside the webhook's address")
    return secrets_


def _secret_keys(env: Mapping[str, str], name: str, data_dir: Path) -> tuple[str, ...]:
    keys = _list(env, variables.SECRET_KEY)
    if not keys and name == "production":
        raise ConfigurationError("AISLE_SECRET_KEY is not set; give it at least 32 random characters")
    if any(len(key) < 32 for key in keys):
        raise ConfigurationError("AISLE_SECRET_KEY has a key with fewer than 32 characters; use longer ones")
    return keys or (_own_secret(data_dir),)


def _own_secret(data_dir: Path) -> str:
    """Return the demo's secret, which is created once per data dir, readable by its owner only."""
    file = data_dir / "secret.key"
    if not file.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            os.link(draft, file)  # the first of two racing processes wins, the other reads its key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return file.read_text().strip()


def _text(env: Mapping[str, str], variable: Variable) -> str:
    return env.get(variable.name) or variable.default


def _url(env: Mapping[str, str], variable: Variable) -> str:
    return _optional_url(env, variable, HTTP) or variable.default


def _optional_url(env: Mapping[str, str], variable: Variable, schemes: tuple[str, ...]) -> str | None:
    value = env.get(variable.name, "").strip()
    if not value:
        return None
    try:
        parts = urlsplit(value)
        well_formed = bool(parts.scheme in schemes and (parts.hostname or parts.scheme == "unix" or parts.query))
        _ = parts.port
    except ValueError:
        well_formed = False
    if not well_formed:
        raise ConfigurationError(f"{variable.name} is not a usable address; it must look like {schemes[0]}://host/...")
    return value.rstrip("/")


def _list(env: Mapping[str, str], variable: Variable) -> tuple[str, ...]:
    return tuple(part.strip() for part in env.get(variable.name, "").split(",") if part.strip())


def _hosts(env: Mapping[str, str], variable: Variable) -> tuple[str, ...]:
    pairs = _list(env, variable)
    if wrong := [pair for pair in pairs if not re.fullmatch(r"[^\s/@]+:[0-9]{1,5}", pair)]:
        raise ConfigurationError(f"{variable.name} has {wrong[0]!r}; give host:port, several separated by commas")
    return pairs


def _role(env: Mapping[str, str]) -> str:
    role = _text(env, variables.APP_ROLE)
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", role):
        raise ConfigurationError(f"{variables.APP_ROLE.name} must be a plain lower-case role name such as aisle_app")
    return role


def _connections(env: Mapping[str, str]) -> int | None:
    if not env.get(variables.DATABASE_CONNECTIONS.name):
        return None
    count = _count(env, variables.DATABASE_CONNECTIONS)
    if count < MIN_CONNECTIONS:
        raise ConfigurationError(
            f"AISLE_DATABASE_CONNECTIONS is {count}; a process needs at least {MIN_CONNECTIONS}, two for each pool"
        )
    return count


def _choice(env: Mapping[str, str], variable: Variable, default: str, choices: tuple[str, ...]) -> str:
    value = env.get(variable.name, "").strip().lower() or default
    if value not in choices:
        raise ConfigurationError(f"{variable.name} is {value!r}; it must be {' or '.join(choices)}")
    return value


def _count(env: Mapping[str, str], variable: Variable) -> int:
    value = env.get(variable.name, "").strip() or variable.default
    if not re.fullmatch("[0-9]{1,3}", value):
        raise ConfigurationError(f"{variable.name} is {value!r}; it must be a whole number")
    return int(value)
