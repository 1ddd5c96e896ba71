"""docs/errors.md, from the tree and the classes of `server.core.errors`."""

import re

from server.core import errors
from server.core.errors import AisleError
from tests.documentation.markdown import Undescribed, code, page, sentence, table

LINE = re.compile(r"^(?:[│ ]*[├└]── )?(\w+)\s+(\d{3})\s+(\w+)\s+(\S.*)$", re.M)


def error_classes() -> dict[str, type[AisleError]]:
    """The tree's classes by name."""
    found, waiting = {}, [AisleError]
    while waiting:
        kind = waiting.pop()
        found[kind.__name__] = kind
        waiting += [each for each in kind.__subclasses__() if each.__module__ == AisleError.__module__]
    return found


def tree() -> dict[str, tuple[int, str, str]]:
    """What the drawing at the top of `server/core/errors.py` says: class to (status, code, whether to try again)."""
    return {name: (int(status), code, retry) for name, status, code, retry in LINE.findall(errors.__doc__ or "")}


def disagreements() -> list[str]:
    """Where the drawing and the classes differ."""
    drawn, real = tree(), {name: (kind.status, kind.code) for name, kind in error_classes().items()}
    shown = {name: line[:2] for name, line in drawn.items()}
    return [
        f"{name}: drawn {shown.get(name)}, is {real.get(name)}"
        for name in shown | real
        if shown.get(name) != real.get(name)
    ]


def render() -> str:
    """The page. Raises Undescribed where the drawing is not what the classes are."""
    if wrong := disagreements():
        raise Undescribed(f"the tree in server/core/errors.py is out of date: {'; '.join(wrong)}")
    classes = error_classes()
    rows = [
        (code(word), str(status), sentence(classes[name].__doc__), retry)
        for name, (status, word, retry) in tree().items()
    ]
    return page(
        "Error codes",
        "`server/core/errors.py`",
        "Every error of the API is an [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem with the content type "
        "`application/problem+json`. Its `code` is stable; `detail` is a sentence for people and may change. `errors` "
        "lists the fields that are wrong, each with a `message`. `request_id` is also in the header `x-request-id` and "
        "in the log. Answers that say when to come back carry `Retry-After` in seconds.",
        table(["code", "status", "what it means", "try again?"], rows),
        "Commands of `aisle` print an error as one line on stderr. They exit with 1 when the command failed and with 2 "
        "when it was used wrongly or a setting cannot be used.",
    )
