"""`python -m tests.documentation` checks all documents; `--write` renews the pages that are made from the code."""

import sys

from tests.documentation.pages import PAGES, stale, write
from tests.documentation.prose import ROOT, complaints, documents


def main() -> int:
    """0 when every document agrees with the code."""
    if "--write" in sys.argv[1:]:
        for path in write(ROOT):
            print(f"wrote {path}")
    found = [f"{path} is not what the code says: run `make docs-write`" for path in stale(ROOT)]
    for document in documents(ROOT):
        found += complaints(ROOT, document)
    print(
        "\n".join(found) or f"{len(documents(ROOT))} documents agree with the code, {len(PAGES)} of them made from it"
    )
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
