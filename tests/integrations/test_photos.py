"""Portraits: good pictures come out upright and bare, everything else is refused before it costs anything."""

from __future__ import annotations

import asyncio
import contextlib
import io
import itertools
import struct
import time
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from domain.errors import InvalidInput
from integrations.photos import PillowPhotos, draw_portrait


def picture(kind="JPEG", size=(800, 600), mode="RGB", color="red", **options):
    out = io.BytesIO()
    Image.new(mode, size, color).save(out, kind, **options)
    return out.getvalue()


def halves(kind, size=(800, 400), **options):
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, *size))
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def opened(content):
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def near(pixel, wanted):
    return all(abs(one - other) < 40 for one, other in zip(pixel, wanted, strict=False))


def chunk(kind, content=b""):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, *between, data=b""):
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(between) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND")


def zipped():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("evil.js", "alert(1)")
    return out.getvalue()


async def refused(content, what=None):
    with pytest.raises(InvalidInput, match=what):
        await PillowPhotos().portrait(content)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("size", [(800, 600), (300, 2000), (512, 512), (1, 1), (3, 900)])
async def test_any_good_picture_becomes_a_square_webp(kind, size):
    image = opened(await PillowPhotos().portrait(picture(kind, size)))
    assert (image.format, image.size, image.mode) == ("WEBP", (512, 512), "RGB")
    assert near(image.getpixel((256, 256)), (255, 0, 0))


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "RGBA", "I;16"])
async def test_any_mode_of_png(mode):
    image = opened(await PillowPhotos().portrait(picture("PNG", mode=mode, color=0)))
    assert image.size == (512, 512)
    assert image.mode == ("RGBA" if mode in {"LA", "RGBA"} else "RGB")


async def test_sixteen_bits_keep_their_brightness():
    image = opened(await PillowPhotos().portrait(picture("PNG", mode="I;16", color=32768)))
    assert near(image.getpixel((256, 256)), (128, 128, 128))


@pytest.mark.parametrize(
    "options", [{"progressive": True}, {"subsampling": 0}, {"quality": 100}, {"restart_marker_rows": 1}]
)
async def test_any_way_of_writing_a_jpeg(options):
    assert opened(await PillowPhotos().portrait(halves("JPEG", **options))).size == (512, 512)


async def test_cmyk_as_printers_have_it():
    image = opened(await PillowPhotos().portrait(picture("JPEG", mode="CMYK", color=(0, 0, 0, 0))))
    assert near(image.getpixel((256, 256)), (255, 255, 255))


async def test_it_is_cut_at_the_centre():
    image = opened(await PillowPhotos().portrait(halves("PNG", (2000, 400))))
    assert near(image.getpixel((100, 256)), (255, 0, 0))
    assert near(image.getpixel((412, 256)), (0, 0, 255))


@pytest.mark.parametrize(("orientation", "top"), [(1, None), (6, (255, 0, 0)), (8, (0, 0, 255)), (3, None)])
async def test_it_stands_upright(orientation, top):
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = opened(await PillowPhotos().portrait(halves("JPEG", (400, 400), exif=exif)))
    if top:
        assert near(image.getpixel((256, 100)), top)
    else:
        assert near(image.getpixel((100, 256)), (255, 0, 0) if orientation == 1 else (0, 0, 255))


async def test_nothing_but_pixels_comes_out():
    exif = Image.Exif()
    exif[0x010E] = "where mina lives"
    exif.get_ifd(0x8825)[1] = "N"
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "where mina lives")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for content in (
        picture("JPEG", exif=exif, comment=b"where mina lives", icc_profile=profile),
        picture("PNG", pnginfo=notes, exif=exif, icc_profile=profile),
        picture("WEBP", exif=exif, xmp=b"where mina lives", icc_profile=profile),
    ):
        assert b"mina" in content
        portrait = await PillowPhotos().portrait(content)
        assert portrait[12:16] == b"VP8 ", "no extended header, so no metadata at all"
        assert b"mina" not in portrait
        assert not {"exif", "xmp", "icc_profile", "comment"} & set(opened(portrait).info)


async def test_a_broken_colour_profile_does_no_harm():
    assert opened(await PillowPhotos().portrait(picture("JPEG", icc_profile=b"nonsense" * 50))).size == (512, 512)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "ICO", "PPM", "TGA", "PDF", "JPEG2000"])
async def test_other_formats_are_refused(kind):
    await refused(picture(kind), "Send a JPEG, PNG or WebP")


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"MZ" * 100, bytes(1000)]
)
async def test_what_is_no_picture_is_refused(content):
    await refused(content, "Send a JPEG, PNG or WebP")


def moving(kind):
    out = io.BytesIO()
    frames = [Image.new("RGB", (64, 64), color) for color in ("red", "blue")]
    frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=100)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
async def test_moving_pictures_are_refused(kind):
    await refused(moving(kind), "moving")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("tail", [zipped(), b"<script>alert(1)</script>", b"%PDF-1.7\n", b"MZ\x90", b"x"])
async def test_a_picture_with_something_behind_it_is_refused(kind, tail):
    await refused(picture(kind) + tail, "more than a picture")


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
async def test_a_picture_that_is_also_a_zip_or_a_pdf_inside_is_refused(kind):
    options = {"JPEG": {"comment": b"%PDF-1.7 "}, "WEBP": {"xmp": zipped()}, "PNG": {"exif": b"Exif\0\0" + zipped()}}
    await refused(picture(kind, **options[kind]), "more than a picture")


async def test_two_headers_at_once_are_refused():
    await refused(b"GIF89a" + picture("PNG"), "Send a")
    await refused(picture("PNG")[:8] + picture("JPEG"))
    await refused(b"RIFF" + struct.pack("<I", 4 + 2000) + b"WEBP" + picture("PNG").ljust(2000, b"\0"))


async def test_what_telephones_write_behind_a_jpeg_is_fine():
    plain = halves("JPEG")
    multi = plain[:2] + b"\xff\xe2" + struct.pack(">H", 8) + b"MPF\0ab" + plain[2:] + picture("JPEG", (100, 100))
    for content in (
        plain + bytes(64),
        multi,
        plain + b"\0\0\x01\x0aImage_UTC_Data1600000000000SEFH" + bytes(8) + b"SEFT",
    ):
        assert opened(await PillowPhotos().portrait(content)).size == (512, 512)
    await refused(plain + picture("JPEG", (100, 100)), "more than a picture")
    await refused(multi + zipped(), "more than a picture")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_a_truncated_picture_is_refused(kind):
    content = halves(kind)
    for length in [*range(64), len(content) // 2, len(content) - 20, len(content) - 3, len(content) - 1]:
        await refused(content[:length])


@pytest.mark.alone
async def test_a_bomb_is_refused_by_its_header_alone():
    started = time.monotonic()
    await refused(png(50_000, 50_000, data=bytes(1000)), "50000 x 50000 pixels")
    await refused(png(2**31 - 1, 2**31 - 1), "megapixels")
    await refused(png(8000, 5001), "megapixels")
    jpeg = bytearray(picture("JPEG"))
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = struct.pack(">HH", 50_000, 50_000)
    await refused(bytes(jpeg), "50000 x 50000")
    webp = bytearray(picture("WEBP", xmp=b"x"))
    webp[24:30] = (16_777_215).to_bytes(3, "little") * 2
    await refused(bytes(webp), "megapixels")
    assert time.monotonic() - started < 0.5


async def test_forty_megapixels_are_still_taken():
    assert opened(await PillowPhotos().portrait(picture("JPEG", (8000, 5000)))).size == (512, 512)


async def test_headers_that_contradict_the_picture_are_refused():
    await refused(png(0, 0))
    await refused(png(0, 100))
    await refused(png(100, 100, data=bytes(50)), "damaged")
    second = chunk(b"IHDR", struct.pack(">IIBBBBB", 20, 20, 8, 2, 0, 0, 0))
    await refused(png(10, 10, second, data=bytes(20 * 61)), "damaged")
    webp = bytearray(picture("WEBP", (64, 64), xmp=b"x"))
    webp[24:30] = (999).to_bytes(3, "little") * 2
    await refused(bytes(webp))


async def test_a_text_that_unpacks_to_gigabytes_is_refused():
    flood = zlib.compress(bytes(200_000_000), 9)
    started = time.monotonic()
    await refused(png(10, 10, chunk(b"zTXt", b"Comment\0\0" + flood), data=bytes(310)), "damaged")
    assert time.monotonic() - started < 5


@pytest.mark.alone
async def test_parts_without_end_are_refused_soon():
    started = time.monotonic()
    await refused(png(10, 10, chunk(b"tEXt", b"") * 800_000))
    await refused(b"\xff\xd8" + b"\xff\xe0\0\2" * 2_000_000)
    assert time.monotonic() - started < 2


async def test_a_jpeg_of_thousands_of_scans_is_refused():
    content = picture("JPEG", (64, 64), progressive=True)
    scan = content[content.rindex(b"\xff\xda") : -2]
    assert opened(await PillowPhotos().portrait(content[:-2] + scan * 50 + b"\xff\xd9")).size == (512, 512)
    await refused(content[:-2] + scan * 5000 + b"\xff\xd9", "damaged")


GOOD = [halves(kind, (64, 48)) for kind in ("JPEG", "PNG", "WEBP")]


@settings(max_examples=300, deadline=None)
@given(content=st.sampled_from(GOOD), places=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=8))
def test_damaged_bytes_end_in_a_picture_or_a_refusal(content, places):
    damaged = bytearray(content)
    for place, value in places:
        damaged[place % len(damaged)] = value
    with contextlib.suppress(InvalidInput):
        assert opened(draw_portrait(bytes(damaged))).size == (512, 512)


@pytest.mark.alone
async def test_a_picture_being_drawn_stops_nobody():
    content = halves("PNG", (6000, 6000))
    ticks = [time.monotonic()]
    drawing = asyncio.gather(*(PillowPhotos().portrait(content) for _ in range(2)))
    while not drawing.done():
        await asyncio.sleep(0.005)
        ticks.append(time.monotonic())
    assert max(after - before for before, after in itertools.pairwise(ticks)) < 0.5
