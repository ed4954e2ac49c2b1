"""Somebody with rows to be exported, and what the files say."""

import csv
import io
import re
import zlib
from datetime import UTC, datetime

import httpx
import orjson
import pytest
from sqlalchemy import select, update

from db.tables import Export
from domain.ids import from_wire
from tests.client import operation
from tests.payouts.conftest import Till

CREATE, STATUS = operation("CreateExport"), operation("ExportStatus")
MORE = """query ($id: ID!) { node(id: $id) { ... on Export {
  format from to createdAt finishedAt failure { code message } } } }"""
ESCAPES = {b"r": b"\r", b"n": b"\n"}


def days():
    """This year."""
    year = datetime.now(UTC).year
    return {"from": f"{year}-01-01", "to": f"{year}-12-31"}


class Desk:
    """Asks for files and reads them."""

    def __init__(self, api, make):
        self.api, self.make, self.database = api, make, make.database
        self.keys = iter(range(1000))

    async def ask(self, person, kind="TRANSACTIONS", format="CSV", **more):
        """Ask for one; gives its id."""
        given = {"kind": kind, "format": format, **days(), "idempotencyKey": f"key-{next(self.keys)}", **more}
        return (await self.api(person).do(CREATE, **given))["export"]["id"]

    async def seen(self, person, wire):
        return (await self.api(person)(STATUS, id=wire))["node"]

    async def more(self, person, wire):
        return (await self.api(person)(MORE, id=wire))["node"]

    async def made(self, person, kind, format):
        """Have one made, and fetch it; gives the answer of the file store."""
        wire = await self.ask(person, kind, format)
        await self.make.run_jobs()
        seen = await self.seen(person, wire)
        assert (seen["status"], seen["progress"]) == ("READY", 100)
        return await fetch(seen["downloadUrl"])

    async def row(self, wire):
        async with self.database.session() as session:
            return (await session.execute(select(Export).where(Export.id == from_wire("export", wire)))).scalar_one()

    async def change(self, wire, **facts):
        """Let an export stand as if it had come there."""
        async with self.database.transaction() as tx:
            statement = update(Export).where(Export.id == from_wire("export", wire)).values(**facts)
            await tx.session.execute(statement)


async def fetch(url):
    async with httpx.AsyncClient(verify=False) as client:
        return await client.get(url)


def in_csv(content):
    """The rows of a table, by the names of its columns; it must be as RFC 4180 has it."""
    text = content.decode("utf-8")
    assert text.startswith("\ufeff")
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


def in_json(content):
    return orjson.loads(content)


def in_pdf(content):
    """What the pages of a PDF say, a list of texts for each: glyphs are read back by the fonts' own tables."""
    objects = {int(name): body for name, body in re.findall(rb"(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj", content, re.DOTALL)}
    fonts = dict(re.findall(rb"/(F\d+) (\d+) 0 R", content))
    tables = {name: glyphs(objects, objects[int(number)]) for name, number in fonts.items()}
    pages = [body for body in objects.values() if b"/Type /Page\n" in body + b"\n"]
    return [said(stream(objects[int(re.search(rb"/Contents (\d+) 0 R", page)[1])]), tables) for page in pages]


def glyphs(objects, font):
    """Which text each glyph of a font stands for."""
    table = stream(objects[int(re.search(rb"/ToUnicode (\d+) 0 R", font)[1])])
    pairs = re.findall(rb"^<([0-9A-F]{4})> <([0-9A-F]+)>$", table, re.MULTILINE)
    return {int(code, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for code, text in pairs}


def stream(body):
    packed = re.search(rb"stream\n(.*)\nendstream", body, re.DOTALL)[1]
    return zlib.decompress(packed) if b"/FlateDecode" in body else packed


def said(page, tables):
    """The texts of a page, in the order in which they are written."""
    texts, font = [], None
    for saved, cell in re.findall(rb"(q )?BT(.*?)ET", page, re.DOTALL):
        text, before = "", font
        for name, shown in re.findall(rb"/(F\d+) [\d.]+ Tf|\(((?:\\.|[^\\)])*)\)", cell, re.DOTALL):
            if name:
                font = name
                continue
            raw = re.sub(rb"\\(.)", lambda match: ESCAPES.get(match[1], match[1]), shown, flags=re.DOTALL)
            codes = [int.from_bytes(raw[at : at + 2]) for at in range(0, len(raw), 2)]
            # Dots and other parts of a letter have no text of their own.
            text += "".join(tables[font].get(code, "") for code in codes)
        font = before if saved else font
        texts.append(text)
    return texts


@pytest.fixture
def desk(api, make):
    return Desk(api, make)


@pytest.fixture
def till(make, sandbox):
    return Till(make, sandbox)
