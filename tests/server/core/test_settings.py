"""Settings: every variable is described once, a wrong value is one clear line, a misspelt name does not pass unseen."""

from pathlib import Path

import pytest

from server.core.errors import ConfigurationError
from server.core.settings import load_settings
from server.core.variables import VARIABLES, unknown_variables

SECRET = "s" * 32


class Reads(dict[str, str]):
    """An environment that notes which variables are asked for."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def __contains__(self, name: object) -> bool:
        self.asked.add(str(name))
        return super().__contains__(name)

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.asked.add(name)
        return super().get(name, default)


def test_every_variable_that_is_read_is_described() -> None:
    reads = Reads({"AISLE_SECRET_KEY": SECRET, "OPENAI_API_KEY": "sk-1"})
    load_settings(reads)
    assert reads.asked == {variable.name for variable in VARIABLES}


def test_the_examples_are_accepted_and_the_defaults_are_what_is_used(tmp_path: Path) -> None:
    examples = {variable.name: variable.example for variable in VARIABLES}
    written = load_settings(examples | {"AISLE_SECRET_KEY": SECRET, "AISLE_DATA_DIR": str(tmp_path)})
    assert (written.env, written.chat_model_images, written.trusted_proxies) == ("production", True, 1)
    defaults = {variable.name: variable.default for variable in VARIABLES if variable.default}
    bare = load_settings({"AISLE_SECRET_KEY": SECRET})
    assert load_settings({"AISLE_SECRET_KEY": SECRET} | defaults | {"OPENAI_BASE_URL": ""}) == bare


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AISLE_ENV", "prod"),
        ("AISLE_ENV", ""),
        ("AISLE_BASE_URL", "aisle.example"),
        ("AISLE_SECRET_KEY", "short"),
        ("AISLE_LOG_FORMAT", "jsonl"),
        ("AISLE_DATABASE_URL", "mysql://host/db"),
        ("AISLE_DATABASE_URL", "postgresql://host:port/db"),
        ("AISLE_APP_ROLE", "Aisle App"),
        ("AISLE_REDIS_URL", "localhost:6379"),
        ("AISLE_TRUSTED_PROXIES", "-1"),
        ("AISLE_TRUSTED_PROXIES", "²"),
        ("AISLE_EGRESS_ALLOW", "shop.internal"),
        ("AISLE_EGRESS_ALLOW", "https://shop.internal:443"),
        ("AISLE_SMTP_URL", "mail.example"),
        ("AISLE_CHAT_MODEL_IMAGES", "yes"),
        ("AISLE_SHOPIFY_ORIGIN", "{store}"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_variable(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name) as caught:
        load_settings({"AISLE_SECRET_KEY": SECRET, name: value})
    assert "\n" not in str(caught.value)


def test_stripe_needs_the_secret_of_its_webhook() -> None:
    with pytest.raises(ConfigurationError, match="STRIPE_WEBHOOK_SECRET"):
        load_settings({"AISLE_SECRET_KEY": SECRET, "STRIPE_SECRET_KEY": "sk_test_1"})


def test_unknown_names_are_found_with_the_one_they_resemble() -> None:
    names = ["AISLE_SMTP_ULR", "AISLE_COLOUR", "AISLE_BASE_URL", "PATH", "AISLE_CHROMIUM"]
    assert unknown_variables(names) == {"AISLE_SMTP_ULR": "AISLE_SMTP_URL", "AISLE_COLOUR": None}


def test_service_links_of_kubernetes_are_no_settings() -> None:
    links = ("AISLE_PORT", "AISLE_SERVICE_HOST", "AISLE_API_SERVICE_PORT_HTTP", "AISLE_PORT_8080_TCP_ADDR")
    assert unknown_variables(links) == {}
