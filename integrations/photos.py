"""Harmless pictures out of what people send: decoded with care, drawn anew, nothing else kept."""

from __future__ import annotations

import asyncio
import io
from typing import Final

from PIL import Image, ImageCms, ImageOps
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from domain.errors import InvalidInput
from integrations.photo_formats import CORRUPT, inspect

SIDE: Final = 512
QUALITY: Final = 82
MAX_PIXELS: Final = 40_000_000
AT_ONCE: Final = 2
"""Pictures decoded at the same time; one of 40 megapixels takes 160 MB."""

SHARES_ALPHA: Final = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})

READERS: Final[dict[str, type[ImageFile]]] = {"JPEG": JpegImageFile, "PNG": PngImageFile, "WEBP": WebPImageFile}
"""Pillow's readers themselves: `Image.open` would also look for several pictures in one JPEG, and warn of its own."""


class PillowPhotos:
    """The port `Photos`; works in a thread."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)

    async def portrait(self, content: bytes) -> bytes:
        """Make a square WebP of 512 pixels of a JPEG, PNG or WebP: upright, cut at the centre, without metadata.

        Raises:
            InvalidInput: It is no such picture, or moves, or is too large, or holds something else as well.
        """
        async with self._places:
            return await asyncio.to_thread(draw_portrait, content)


def draw_portrait(content: bytes) -> bytes:
    """Do what `PillowPhotos.portrait` says, here and now."""
    kind, width, height = inspect(content)
    if not width or not height:
        raise InvalidInput(CORRUPT)
    if width * height > MAX_PIXELS:
        raise InvalidInput(
            f"The picture has {width} x {height} pixels; send one of at most {MAX_PIXELS // 10**6} megapixels."
        )
    try:
        with READERS[kind](io.BytesIO(content)) as image:
            return _draw(image, claimed=(width, height))
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError, ZeroDivisionError):
        raise InvalidInput(CORRUPT) from None


def _draw(image: Image.Image, *, claimed: tuple[int, int]) -> bytes:
    if image.size != claimed:
        raise ValueError("the headers contradict each other")
    # A JPEG can be decoded at an eighth, a quarter or half of its size, which is all that is needed of a large one.
    image.draft("RGB", (2 * SIDE, 2 * SIDE))
    image.load()
    upright = ImageOps.exif_transpose(image)
    small = ImageOps.fit(_in_srgb(upright), (SIDE, SIDE), Image.Resampling.LANCZOS)
    bare = Image.frombytes(small.mode, small.size, small.tobytes())
    out = io.BytesIO()
    bare.save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue()


def _in_srgb(image: Image.Image) -> Image.Image:
    """Turn any mode into RGB or RGBA in sRGB: without its profile a wide-gamut photo would look pale."""
    if image.mode.startswith("I"):
        image = image.point(lambda value: value / 256).convert("L")
    profile = image.info.get("icc_profile")
    has_alpha = image.mode in SHARES_ALPHA or "transparency" in image.info
    if profile and image.mode in {"RGB", "CMYK", "L"}:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            turned = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            turned = None
        if turned is not None and not has_alpha:
            return turned
    return image.convert("RGBA" if has_alpha else "RGB")
