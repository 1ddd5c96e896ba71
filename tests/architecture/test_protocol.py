"""The widget's types of what travels are the server's own."""

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import get_args

from server.chat.stream_parts import StreamPart

ROOT = Path(__file__).parents[2]
TYPES = (ROOT / "widget" / "src" / "protocol.gen.ts").read_text()


def test_the_widgets_types_are_what_the_servers_structs_say() -> None:
    loader = SourceFileLoader("protocol", str(ROOT / ".ci" / "protocol"))
    spec = spec_from_loader("protocol", loader)
    assert spec is not None
    script = module_from_spec(spec)
    loader.exec_module(script)
    assert script.source() == TYPES, "run `make widget`, or `.venv/bin/python .ci/protocol` where there is no npm"


def test_every_part_of_the_stream_is_among_them() -> None:
    tags = [part.__struct_config__.tag for part in get_args(StreamPart)]
    assert len(tags) == len(set(tags))
    assert [tag for tag in tags if f'  type: "{tag}";' not in TYPES] == []
