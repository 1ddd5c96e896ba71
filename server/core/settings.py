"""Every setting, read once from the environment. Only `server.wiring` calls `load_settings`."""

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from server.core.connection_budget import LEAST as LEAST_CONNECTIONS
from server.core.errors import ConfigurationError

ENVIRONMENTS = ("demo", "production")


class Settings(Struct, frozen=True, kw_only=True):
    """What an operator decides. Secrets are here and nowhere else; never log one of these."""

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


KNOWN_VARIABLES = (
    "AISLE_ENV",
    "AISLE_DATA_DIR",
    "AISLE_BASE_URL",
    "AISLE_SECRET_KEY",
    "AISLE_DATABASE_URL",
    "AISLE_APP_DATABASE_URL",
    "AISLE_APP_ROLE",
    "AISLE_DATABASE_CONNECTIONS",
    "AISLE_REDIS_URL",
    "AISLE_CHAT_MODEL",
    "AISLE_CHAT_MODEL_IMAGES",
    "AISLE_EMBEDDING_MODEL",
    "AISLE_SMTP_URL",
    "AISLE_MAIL_FROM",
    "AISLE_EGRESS_ALLOW",
    "AISLE_TRUSTED_PROXIES",
    "AISLE_LOG_FORMAT",
    "AISLE_DEMO_MAILBOX",
    "SHOPIFY_API_KEY",
    "SHOPIFY_API_SECRET",
    "AISLE_SHOPIFY_ORIGIN",
    "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "STRIPE_API_BASE",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
)
DEFAULT_CHAT_MODEL = "gpt-4.1-mini"


def load_settings(environment: Mapping[str, str] | None = None, *, base_url: str | None = None) -> Settings:
    """Read and check all settings. Raises ConfigurationError with one line that names the variable.

    `base_url` is what the caller knows of its own address; AISLE_BASE_URL wins over it.
    """
    env = dict(os.environ if environment is None else environment)
    name = env.get("AISLE_ENV", "demo")
    if name not in ENVIRONMENTS:
        raise ConfigurationError(f"AISLE_ENV is {name!r}; it must be one of {', '.join(ENVIRONMENTS)}")
    data_dir = Path(env.get("AISLE_DATA_DIR") or ".aisle").absolute()
    has_model = bool(env.get("OPENAI_API_KEY") or env.get("OPENAI_BASE_URL"))
    return Settings(
        env=name,
        data_dir=data_dir,
        base_url=_url(env, "AISLE_BASE_URL", ("http", "https"), base_url or "http://127.0.0.1:8080"),
        secret_keys=_secret_keys(env, name, data_dir),
        database_url=_optional_url(env, "AISLE_DATABASE_URL", ("postgres", "postgresql")),
        app_database_url=_optional_url(env, "AISLE_APP_DATABASE_URL", ("postgres", "postgresql")),
        app_role=_role(env),
        database_connections=_connections(env),
        redis_url=_optional_url(env, "AISLE_REDIS_URL", ("redis", "rediss", "unix")),
        openai_api_key=env.get("OPENAI_API_KEY") or ("none" if has_model else None),
        openai_base_url=_url(env, "OPENAI_BASE_URL", ("http", "https"), "https://api.openai.com/v1"),
        chat_model=(env.get("AISLE_CHAT_MODEL") or DEFAULT_CHAT_MODEL) if has_model else None,
        chat_model_images=_switch(env, "AISLE_CHAT_MODEL_IMAGES"),
        embedding_model=env.get("AISLE_EMBEDDING_MODEL") or "local",
        smtp_url=_optional_url(env, "AISLE_SMTP_URL", ("smtp", "smtps")),
        mail_from=env.get("AISLE_MAIL_FROM") or "Aisle <no-reply@aisle.example>",
        egress_allow=_list(env, "AISLE_EGRESS_ALLOW"),
        trusted_proxies=_count(env, "AISLE_TRUSTED_PROXIES"),
        log_format=env.get("AISLE_LOG_FORMAT") or ("json" if name == "production" else "console"),
        shopify_api_key=env.get("SHOPIFY_API_KEY") or None,
        shopify_api_secrets=_list(env, "SHOPIFY_API_SECRET"),
        shopify_origin=_url(env, "AISLE_SHOPIFY_ORIGIN", ("http", "https"), "https://{store}"),
        stripe_secret_key=env.get("STRIPE_SECRET_KEY") or None,
        stripe_webhook_secrets=_webhook_secrets(env),
        stripe_api_base=_optional_url(env, "STRIPE_API_BASE", ("http", "https")),
        demo_mailbox_url=_optional_url(env, "AISLE_DEMO_MAILBOX", ("http",)),
    )


def _webhook_secrets(env: Mapping[str, str]) -> tuple[str, ...]:
    secrets_ = _list(env, "STRIPE_WEBHOOK_SECRET")
    if env.get("STRIPE_SECRET_KEY") and not secrets_:
        raise ConfigurationError("STRIPE_WEBHOOK_SECRET is not set; Stripe shows it beside the webhook's address")
    return secrets_


def _secret_keys(env: Mapping[str, str], name: str, data_dir: Path) -> tuple[str, ...]:
    keys = _list(env, "AISLE_SECRET_KEY")
    if not keys and name == "production":
        raise ConfigurationError("AISLE_SECRET_KEY is not set; give at least 32 random characters, newest first")
    if any(len(key) < 32 for key in keys):
        raise ConfigurationError("AISLE_SECRET_KEY has a key shorter than 32 characters; give longer ones")
    return keys or (_own_secret(data_dir),)


def _own_secret(data_dir: Path) -> str:
    """The demo's secret: made once per data dir, readable by its owner only."""
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


def _url(env: Mapping[str, str], variable: str, schemes: tuple[str, ...], default: str) -> str:
    return _optional_url(env, variable, schemes) or default.rstrip("/")


def _optional_url(env: Mapping[str, str], variable: str, schemes: tuple[str, ...]) -> str | None:
    value = env.get(variable, "").strip()
    if not value:
        return None
    try:
        parts = urlsplit(value)
        well_formed = bool(parts.scheme in schemes and (parts.hostname or parts.scheme == "unix" or parts.query))
        _ = parts.port
    except ValueError:
        well_formed = False
    if not well_formed:
        raise ConfigurationError(f"{variable} is not a usable address; it must look like {schemes[0]}://host/...")
    return value.rstrip("/")


def _list(env: Mapping[str, str], variable: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in env.get(variable, "").split(",") if part.strip())


def _role(env: Mapping[str, str]) -> str:
    role = env.get("AISLE_APP_ROLE") or "aisle_app"
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", role):
        raise ConfigurationError("AISLE_APP_ROLE must be a plain lower-case role name such as aisle_app")
    return role


def _connections(env: Mapping[str, str]) -> int | None:
    if not env.get("AISLE_DATABASE_CONNECTIONS"):
        return None
    count = _count(env, "AISLE_DATABASE_CONNECTIONS")
    if count < LEAST_CONNECTIONS:
        raise ConfigurationError(
            f"AISLE_DATABASE_CONNECTIONS is {count}; a process needs at least {LEAST_CONNECTIONS}, two for each pool"
        )
    return count


def _switch(env: Mapping[str, str], variable: str) -> bool:
    value = env.get(variable, "").strip().lower() or "off"
    if value not in ("on", "off"):
        raise ConfigurationError(f"{variable} is {value!r}; it must be on or off")
    return value == "on"


def _count(env: Mapping[str, str], variable: str) -> int:
    value = env.get(variable) or "0"
    if not value.isdigit():
        raise ConfigurationError(f"{variable} is {value!r}; it must be a whole number")
    return int(value)
