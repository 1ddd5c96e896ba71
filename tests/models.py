"""Where tests keep the models that the local embedders build from their weights, from one run to the next."""

import hashlib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def _code_version() -> str:
    """A hash of the code that builds them: what an earlier version built is not taken for its work."""
    digest = hashlib.sha256()
    for file in sorted((ROOT / "server" / "models").glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


BUILT_MODELS = ROOT / ".cache" / f"models-{_code_version()}"
"""Building both takes 4 s of CPU, loading them 1.5."""
