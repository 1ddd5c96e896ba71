"""docs/settings.md, from `server.core.variables`."""

from server.core.variables import VARIABLES, Variable
from tests.documentation.markdown import code, page, table


def render() -> str:
    """The page."""
    groups = list(dict.fromkeys(variable.group for variable in VARIABLES))
    return page(
        "Settings",
        "`server/core/variables.py`",
        "Aisle reads its settings from environment variables when it starts. None is needed for `aisle demo`. A value "
        "that cannot be used stops the start with one line that names the variable. A variable that begins with "
        "`AISLE_` and is not listed here is ignored with a warning in the log, which also names the setting it "
        "resembles; `aisle doctor` says the same.",
        table(["variable", "default", "required"], [_row(variable) for variable in VARIABLES]),
        *(block for group in groups for block in _group(group)),
    )


def _row(variable: Variable) -> tuple[str, ...]:
    link = f"[`{variable.name}`](#{variable.name.lower()})"
    return link, code(variable.default), variable.required


def _group(group: str) -> list[str]:
    return [f"## {group}", *(_section(variable) for variable in VARIABLES if variable.group == group)]


def _section(variable: Variable) -> str:
    facts = [("Value", variable.form), ("Default", code(variable.default)), ("Example", code(variable.example))]
    facts += [("Required", variable.required), ("If it is not set", variable.without)]
    lines = [f"- {name}: {text}" for name, text in facts if text]
    return "\n".join([f"### {variable.name}", "", variable.meaning, "", *lines])
