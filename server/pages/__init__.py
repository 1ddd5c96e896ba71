"""Public pages: what this is (`/`) and the demo storefront (`/demo`)."""

from pathlib import Path

TEMPLATE_FOLDERS = (Path(__file__).parent / "templates",)
