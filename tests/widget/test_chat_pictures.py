"""Pictures of the shopper's: known by content, stripped of what cameras write, shown again after a reload."""

import base64

from conftest import Shop
from playwright.async_api import expect

IMAGES = {"images": True}


def file(name: str, content: bytes) -> dict[str, object]:
    """As a file field takes it; the type is what the name claims."""
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


async def jpeg(shop: Shop, width: int = 40) -> bytes:
    """A photo with EXIF in it, `width` pixels wide."""
    drawn = await shop.page.evaluate(
        """width => {
          const canvas = document.createElement("canvas");
          canvas.width = width;
          canvas.height = 30;
          return canvas.toDataURL("image/jpeg").split(",")[1];
        }""",
        width,
    )
    plain = base64.b64decode(drawn)
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"
    return plain[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + plain[2:]


async def begin(shop: Shop) -> None:
    await shop.control(appearance=IMAGES)
    await (await shop.visit()).open()
    await shop.control(appearance={})


async def put(shop: Shop, *files: dict[str, object]) -> None:
    await shop.chat.locator("input[type=file]").set_input_files(list(files))  # type: ignore[arg-type]


async def test_a_photo_goes_without_exif_and_stays_in_the_thread(shop: Shop) -> None:
    await begin(shop)
    await put(shop, file("a.jpg", await jpeg(shop, 3_000)))
    await expect(shop.chat.locator(".tray img")).to_have_count(1)
    await shop.ask("Do you have this product?")
    taken = [call for call in await shop.calls() if str(call["path"]).endswith("/images")][-1]
    assert taken["type"] == "image/jpeg" and taken["exif"] is False
    picture = shop.chat.locator(".user img")
    assert await picture.evaluate("it => it.naturalWidth") == 1600
    await shop.page.reload()
    await expect(picture).to_have_attribute("alt", "Picture 1")
    await expect(shop.chat.locator(".tray")).to_have_count(0)
    await shop.chat.get_by_role("button", name="Show picture 1 larger").click()
    await expect(shop.chat.get_by_role("dialog", name="Picture 1")).to_be_visible()
    await shop.page.keyboard.press("Escape")
    await expect(shop.chat.get_by_role("dialog")).to_have_count(0)
    await expect(shop.chat.get_by_role("button", name="Show picture 1 larger")).to_be_focused()


async def test_what_is_no_picture_is_refused_whatever_its_name(shop: Shop) -> None:
    await begin(shop)
    await put(shop, file("a.jpg", b"<svg onload=alert(1)>"))
    await expect(shop.chat.get_by_role("alert")).to_contain_text("Only JPEG, PNG, WebP and GIF")
    await put(shop, file("b.jpg", b"\xff\xd8\xff" + bytes(8 * 1024 * 1024)))
    await expect(shop.chat.get_by_role("alert")).to_contain_text("up to 8 MB")
    await expect(shop.chat.locator(".tray")).to_have_count(0)


async def test_four_fit_and_a_failed_one_is_tried_again(shop: Shop) -> None:
    await begin(shop)
    await shop.control(refuse_picture=503)
    photo = await jpeg(shop)
    await put(shop, file("1.jpg", photo))
    await shop.chat.get_by_role("button", name="Picture 1 did not get through. Try again").click()
    await expect(shop.chat.locator(".failed, .sending")).to_have_count(0)
    await put(shop, *(file(f"{n}.jpg", photo) for n in range(2, 6)))
    await expect(shop.chat.get_by_role("alert")).to_contain_text("Up to 4 pictures")
    await shop.chat.get_by_role("button", name="Remove picture 4").click()
    await expect(shop.chat.locator(".tray li")).to_have_count(3)
    await shop.chat.get_by_role("button", name="Send", exact=True).click()
    await expect(shop.chat.locator(".user img")).to_have_count(3)


async def test_pasted_and_dropped_pictures_count(shop: Shop) -> None:
    await begin(shop)
    photo = base64.b64encode(await jpeg(shop)).decode()
    drop = """async (it, data) => {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      const files = new DataTransfer();
      files.items.add(new File([bytes], "x.jpg", { type: "image/jpeg" }));
      it.dispatchEvent(new ClipboardEvent("paste", { clipboardData: files, bubbles: true, cancelable: true }));
      it.dispatchEvent(new DragEvent("dragover", { dataTransfer: files, bubbles: true, cancelable: true }));
      it.dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
    }"""
    await shop.chat.get_by_label("Your message").evaluate(drop, photo)
    await expect(shop.chat.locator(".tray li")).to_have_count(2)


async def test_no_button_where_the_shop_takes_none(shop: Shop) -> None:
    await (await shop.visit()).open()
    await expect(shop.chat.get_by_role("button", name="Add pictures")).to_have_count(0)
