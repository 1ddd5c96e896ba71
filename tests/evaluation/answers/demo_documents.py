"""The demo shop's policies by title and heading."""

import re

from integrations.demo import load_store


def list_headings() -> dict[str, dict[str, str]]:
    """The text below each heading of each policy, by the policy's title, which counts as the first heading."""
    return {policy.title: _split(policy.title, policy.body) for policy in load_store().policies}


def _split(title: str, body: str) -> dict[str, str]:
    parts = re.split(r"^##? (.+)$", body, flags=re.MULTILINE)
    texts = {title: parts[0]}
    for heading, text in zip(parts[1::2], parts[2::2], strict=True):
        texts[heading] = texts.get(heading, "") + text
    return texts
