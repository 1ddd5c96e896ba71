"""What written documents name has to exist: links, files, modules, targets, commands, settings, routes, layers."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.documentation import facts, jobs

ROOT = Path(__file__).parents[2]
FOLDERS = ("server", "integrations", "billing", "widget", "tests", "cdn", "docs", ".ci")
FILES = (".py", ".sql", ".ts", ".mjs", ".md", ".toml", ".html", ".js", ".json", ".sh", ".yml")
VARIABLE = re.compile(r"\b(?:AISLE|OPENAI|SHOPIFY|STRIPE)_[A-Z][A-Z_]*[A-Z]\b")
CODE_MAP = "README.md"
DECISION_OF_LAYERS = "server/decisions/0001-the-house.md"
BESIDE_DOCUMENTS = ("docker-compose.yml", "Dockerfile")
"""Not documents, but they name settings to people."""


def documents(root: Path) -> list[Path]:
    """Every document for people."""
    patterns = ("*.md", "docs/*.md", "server/decisions/*.md", "cdn/*.md", "widget/*.md")
    return sorted(document for pattern in patterns for document in root.glob(pattern))


def complaints(root: Path, document: Path) -> list[str]:
    """What is untrue in one document, with file and line."""
    name, text = document.relative_to(root).as_posix(), document.read_text()
    found = [
        f"{name}:{number}: {what}"
        for number, line in enumerate(text.splitlines(), 1)
        for what in in_line(root, document, line)
    ]
    found += [f"{name}: {what}" for what in commands_in_blocks(text)]
    if name == CODE_MAP:
        found += [f"{name}: {what}" for what in code_map(root, text)]
    if name == DECISION_OF_LAYERS:
        found += [f"{name}: {what}" for what in layer_lists(root, text)]
    if name == "README.md":
        found += [f"{name}: {what}" for what in unlinked_pages(root, text)]
        found += unknown_settings_beside(root)
    return found


def in_line(root: Path, document: Path, line: str) -> Iterator[str]:
    """What is untrue in one line."""
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(#[^)\s]*)?\)", line):
        if not re.match(r"[a-z]+:", target):
            yield from broken_link(document, target, anchor)
    for variable in VARIABLE.findall(line):
        if variable not in facts.settings():
            yield f"there is no setting {variable}"
    for method, path in re.findall(r"\b(GET|POST|PUT|PATCH|DELETE) (/[\w{}./*-]+)", line):
        if not facts.has_route(method, path):
            yield f"there is no route {method} {path}"
    for quoted in re.findall(r"`([^`]+)`", line):
        yield from in_quotes(root, document, quoted)
    if row := re.match(r"\| `([\w./-]+/)`", line):
        for file in re.findall(r"`([\w-]+\.(?:py|md))`", line):
            if not (root / row[1] / file).exists():
                yield f"there is no {row[1]}{file}"


def broken_link(document: Path, target: str, anchor: str) -> Iterator[str]:
    """What is wrong with a link inside the repository."""
    file = document.parent / target if target else document
    if not file.exists():
        yield f"the link {target} leads nowhere"
    elif anchor and file.suffix == ".md" and anchor[1:] not in anchors(file.read_text()):
        yield f"the link {target}{anchor} leads to no heading"


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def in_quotes(root: Path, document: Path, quoted: str) -> Iterator[str]:
    """What is untrue of a text in back-ticks."""
    if target := re.match(r"make ([a-z-]+)", quoted):
        if target[1] not in facts.targets(root):
            yield f"there is no target `make {target[1]}`"
    elif quoted.startswith("aisle "):
        if wrong := facts.wrong_command(quoted):
            yield f"`{quoted}`: {wrong}"
    elif re.fullmatch(r"/(?:v1|console|webhooks|health|docs|metrics|integrations|oauth)[\w{}./*-]*", quoted):
        if not facts.has_route(None, quoted):
            yield f"there is no route {quoted}"
    elif re.fullmatch(r"(?:server|integrations|billing|tests)(?:\.\w+)+", quoted):
        is_name = facts.has_name(quoted) or quoted in jobs.handlers()
        if not quoted.endswith(FILES) and not is_name:
            yield f"there is no {quoted}"
    elif is_path(quoted) and not any(has_file(folder, quoted) for folder in (root, root / "server", document.parent)):
        yield f"there is no {quoted}"


def is_path(quoted: str) -> bool:
    """Whether a text in back-ticks names a file or folder of ours."""
    if not re.fullmatch(r"\.?[\w-]+(?:[./][\w*.-]+)*/?", quoted) or "/" not in quoted:
        return False
    return quoted.split("/")[0] in FOLDERS or quoted.endswith(FILES)


def has_file(folder: Path, path: str) -> bool:
    """Whether there is such a file, or one that fits a pattern with stars."""
    return any(folder.glob(path.rstrip("/"))) if "*" in path else (folder / path).exists()


def commands_in_blocks(text: str) -> Iterator[str]:
    """What is wrong with the commands in indented and fenced blocks."""
    for line in re.findall(r"^(?:    |\t)?(?:[A-Z_]+=\S+ )*((?:aisle|make) [^\n]*)$", text, re.M):
        tool, *words = line.split()
        if tool == "aisle" and (wrong := facts.wrong_command(line)):
            yield f"`{line}`: {wrong}"
        if tool == "make" and re.fullmatch("[a-z-]+", words[0]) and words[0] not in facts.targets(ROOT):
            yield f"there is no target `make {words[0]}`"


def code_map(root: Path, text: str) -> Iterator[str]:
    """Folders of code that the map in README.md leaves out."""
    named = set(re.findall(r"`([\w.-]+(?:/[\w.-]+)*)/`", text))
    packages = [init.parent.relative_to(root).as_posix() for init in root.glob("server/*/__init__.py")]
    for folder in sorted([*packages, *(each for each in FOLDERS if not each.startswith("."))]):
        if folder not in named and folder != "server":
            yield f"the code map does not name {folder}/"


def layer_lists(root: Path, text: str) -> Iterator[str]:
    """Lists of layers that are not those of the import contracts."""
    flat = " ".join(text.split())
    for contract in (facts.SERVER_LAYERS, facts.FEATURE_LAYERS):
        if f"`{facts.layers(root, contract)}`" not in flat:
            yield f"the layers are `{facts.layers(root, contract)}`"


def unlinked_pages(root: Path, text: str) -> Iterator[str]:
    """Pages of docs/ that nobody finds from README.md."""
    for page in sorted(root.glob("docs/*.md")):
        if f"docs/{page.name}" not in text:
            yield f"docs/{page.name} is not linked"


def unknown_settings_beside(root: Path) -> list[str]:
    """Settings named by files beside the documents that do not exist."""
    return [
        f"{name}: there is no setting {variable}"
        for name in BESIDE_DOCUMENTS
        for variable in VARIABLE.findall((root / name).read_text())
        if variable not in facts.settings()
    ]
