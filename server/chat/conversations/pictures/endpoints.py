"""A shopper's pictures over HTTP."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import FromPath

from server.chat.conversations.pictures.models import MAX_BYTES, StoredPicture
from server.chat.conversations.pictures.service import PictureService, PictureView
from server.chat.shopper_limits import VIEWS, ShopperLimits
from server.core.errors import NotFound
from server.core.http import AnyRequest
from server.core.ids import parse_id
from server.shops.identity import Shopper

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, max-age=600",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Disposition": "inline",
}
IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif")


class _PictureOperation(Operation):
    """Describes the request body as the bytes of a picture in OpenAPI."""

    def __post_init__(self) -> None:
        bytes_ = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format="binary"))  # type: ignore[arg-type]
        self.request_body = RequestBody(content=dict.fromkeys(IMAGE_TYPES, bytes_), required=True)


@post(
    "/v1/chat/{conversation_id:str}/images",
    status_code=201,
    summary="Upload a picture",
    tags=["shopper"],
    request_max_body_size=MAX_BYTES,
    operation_class=_PictureOperation,
    opt={"body_types": IMAGE_TYPES},
)
async def upload_picture(
    request: AnyRequest, shopper: NamedDependency[Shopper], pictures: NamedDependency[PictureService]
) -> PictureView:
    """Upload a picture for the next message. The body is the file itself, at most 8 MB; its type is detected from its
    content. It is encoded anew, at most 1600 pixels wide and high, without the camera's metadata."""
    await pictures.require_upload(shopper)
    return await pictures.add(shopper, await request.body())


@get("/v1/chat/{conversation_id:str}/images/{image_id:str}", summary="A picture", tags=["shopper"])
async def get_picture(
    shopper: NamedDependency[Shopper],
    image_id: FromPath[str],
    pictures: NamedDependency[PictureService],
    limits: NamedDependency[ShopperLimits],
) -> Response[bytes]:
    """A picture of this conversation."""
    await limits.require_light(shopper, VIEWS)
    found = parse_id(image_id)
    if found is None:
        raise NotFound
    return picture_response(await pictures.get(shopper, found))


def picture_response(picture: StoredPicture) -> Response[bytes]:
    """A response with the picture, under headers that keep browsers from treating it as anything else."""
    return Response(picture.data, media_type=picture.media_type, headers=HEADERS)


picture_routes = [upload_picture, get_picture]
