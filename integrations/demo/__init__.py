"""A shop out of files: Tarnwick, the demo store, or any folder of the same form."""

from integrations.demo.platform import DemoPlatform
from integrations.demo.store import DemoDataError, DemoStore, load_store

__all__ = ["DemoDataError", "DemoPlatform", "DemoStore", "load_store"]
