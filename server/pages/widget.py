"""The widget's built files, served by Aisle itself when there is no CDN; headers as `cdn/headers.json` has them."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePath

import msgspec
from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from server.core.errors import AisleError, NotFound
from server.core.http import AnyRequest
from server.shops.service import ShopService

CDN = files("server.pages") / "cdn"
"""In a checkout a link to what the widget's build writes; a wheel holds the files."""
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}


class WidgetFiles:
    """All built files in memory; there are few and they are small."""

    def __init__(self, folder: Traversable = CDN) -> None:
        headers: dict[str, dict[str, str]] = msgspec.json.decode((folder / "headers.json").read_bytes())
        self.loader, self.loader_headers = (folder / "widget.js").read_bytes(), headers["widget.js"]
        self.client, self.client_headers = (folder / "client.js").read_bytes(), headers["client.js"]
        self.declarations = {name: (folder / f"{name}.d.ts").read_bytes() for name in ("aisle", "client")}
        self.declaration_headers = headers["d.ts"]
        self.frame, self.frame_headers = (folder / "frame.html").read_bytes(), headers["frame.html"]
        self.assets = {file.name: file.read_bytes() for file in (folder / "assets").iterdir()}
        self.asset_headers = headers["assets/"]


@get("/widget.js", include_in_schema=False, sync_to_thread=False)
def show_loader(widget_files: NamedDependency[WidgetFiles]) -> Response[bytes]:
    """The pasted script."""
    return _file(widget_files.loader, widget_files.loader_headers)


@get("/client.js", include_in_schema=False, sync_to_thread=False)
def show_client(widget_files: NamedDependency[WidgetFiles]) -> Response[bytes]:
    """The client without a face, for any site's module scripts."""
    return _file(widget_files.client, widget_files.client_headers)


@get("/client.d.ts", include_in_schema=False, sync_to_thread=False)
def show_client_types(widget_files: NamedDependency[WidgetFiles]) -> Response[bytes]:
    """The types of `client.js`."""
    return _file(widget_files.declarations["client"], widget_files.declaration_headers)


@get("/aisle.d.ts", include_in_schema=False, sync_to_thread=False)
def show_loader_types(widget_files: NamedDependency[WidgetFiles]) -> Response[bytes]:
    """The types of `window.Aisle`."""
    return _file(widget_files.declarations["aisle"], widget_files.declaration_headers)


@get("/frame", include_in_schema=False)
async def show_frame(
    request: AnyRequest,
    widget_files: NamedDependency[WidgetFiles],
    shops: NamedDependency[ShopService],
    key: FromQuery[str] = "",
) -> Response[bytes]:
    """The chat's page; only sites on the shop's list (and our own) may frame it."""
    own: str = request.app.state.own_origin
    try:
        shop_id, _ = await shops.shop_of_key(key, "publishable")
        origins = sorted((await shops.profile(shop_id)).origins)
    except AisleError:
        origins = []
    policy = widget_files.frame_headers["Content-Security-Policy"]
    ancestors = {"Content-Security-Policy": policy.replace("{frame_ancestors}", " ".join((own, *origins)))}
    return _file(widget_files.frame, widget_files.frame_headers | ancestors)


@get("/assets/{name:str}", include_in_schema=False, sync_to_thread=False)
def show_widget_asset(widget_files: NamedDependency[WidgetFiles], name: FromPath[str]) -> Response[bytes]:
    """Scripts and styles of the frame, named by their hash."""
    if name not in widget_files.assets:
        raise NotFound
    kind = {"Content-Type": MEDIA_TYPES.get(PurePath(name).suffix, "application/octet-stream")}
    return _file(widget_files.assets[name], widget_files.asset_headers | kind)


def _file(data: bytes, headers: dict[str, str]) -> Response[bytes]:
    rest = {name: value for name, value in headers.items() if name != "Content-Type"}
    media_type = headers["Content-Type"].partition(";")[0]  # Litestar adds the charset itself
    return Response(data, media_type=media_type, headers=rest)


widget_router = Router(
    path="/",
    route_handlers=[show_loader, show_client, show_client_types, show_loader_types, show_frame, show_widget_asset],
)
