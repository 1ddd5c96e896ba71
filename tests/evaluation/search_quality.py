"""Retrieval quality of a running installation, scored by the evaluation kit beside this checkout.

    python tests/evaluation/search_quality.py TASK --url http://127.0.0.1:8080 --key sk_... [--runs FOLDER]

TASK is catalog_esci, catalog_electronics, known_items, retail_policy or policies. The shop of the key has to hold the
task's catalog or documents already (`aisle import`). Writes one JSONL ranking a task and prints the kit's scores.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx

KIT = Path(__file__).resolve().parents[3] / "shared" / "eval"
QUERIES = {
    "catalog_esci": ("catalog_esci/queries_dev.jsonl", "product"),
    "catalog_electronics": ("catalog_electronics/queries_dev.jsonl", "product"),
    "known_items": ("catalog_electronics/known_items_dev.jsonl", "product"),
    "retail_policy": ("policies/retail_queries_dev.jsonl", "document"),
    "policies": ("policies/queries_dev.jsonl", "document"),
}
RESULTS = 100


def rankings(client: httpx.Client, task: str, kit: Path) -> Iterator[dict[str, object]]:
    """One ranking a query: external ids, best first, each once."""
    file, kind = QUERIES[task]
    for line in (kit / file).read_text().splitlines():
        query = json.loads(line)
        body = {"query": query["query"][:2000], "kinds": [kind], "limit": RESULTS}
        answer = client.post("/v1/search", json=body).raise_for_status().json()
        yield {"qid": query["qid"], "ranking": list(dict.fromkeys(hit["id"] for hit in answer["hits"]))}


def main() -> int:
    """Search, write the run, score it; exit code of the scorer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=QUERIES)
    parser.add_argument("--url", required=True)
    parser.add_argument("--key", required=True, help="a secret key of the shop")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--kit", type=Path, default=KIT)
    given = parser.parse_args()
    given.runs.mkdir(parents=True, exist_ok=True)
    run = given.runs / f"{given.task}.jsonl"
    headers = {"Authorization": f"Bearer {given.key}"}
    with httpx.Client(base_url=given.url, headers=headers, timeout=30) as client, run.open("w") as out:
        for ranking in rankings(client, given.task, given.kit):
            out.write(json.dumps(ranking) + "\n")
    return subprocess.run([sys.executable, str(given.kit / "score.py"), given.task, str(run)]).returncode


if __name__ == "__main__":
    sys.exit(main())
