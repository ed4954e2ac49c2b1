"""Each kind in each format, read back by somebody who knows the format alone."""

from datetime import UTC, datetime, timedelta

from domain.accounts import Role
from domain.exports import COLUMNS, ExportKind
from domain.ids import to_wire
from domain.ledger import Occasion
from domain.money import Currency, EntryKind
from domain.splits import Share
from resolvers.ledger.receive import receive
from tests.exports.conftest import in_csv, in_json, in_pdf
from tests.payouts.conftest import usd
from tests.verification.conftest import Stage, set_of

TYPES = {"CSV": "text/csv; charset=utf-8", "JSON": "application/json", "PDF": "application/pdf"}


async def read(desk, person, kind):
    """The same in all formats, each fetched as anybody who has its address would."""
    found = {}
    for form, parse in {"CSV": in_csv, "JSON": in_json, "PDF": in_pdf}.items():
        answer = await desk.made(person, kind, form)
        assert (answer.status_code, answer.headers["content-type"]) == (200, TYPES[form])
        saved = answer.headers["content-disposition"]
        assert saved.startswith(f'attachment; filename="{kind.lower().replace("_", "-")}-')
        found[form] = parse(answer.content)
    assert list(found["CSV"][0]) == [column.name for column in COLUMNS[ExportKind(kind)]]
    return found


async def test_transactions(desk, till, make):
    mina, other = await make.user("mina", display_name="Жанна Łukasz"), await make.user("other")
    await till.earn(mina, 1_250)
    await till.earn(mina, 300, Currency.JPY)
    await till.earn(other, 99)
    found = await read(desk, mina, "TRANSACTIONS")
    wanted = [("TIP", "12.50", "USD", "Test"), ("TIP", "300", "JPY", "Test")]
    names = ("kind", "amount", "currencyCode", "description")
    assert [tuple(row[name] for name in names) for row in found["CSV"]] == wanted
    shown = [(row["kind"], *row["amount"].values(), row["description"]) for row in found["JSON"]]
    assert shown == wanted
    assert (found["JSON"][0]["counterparty"], found["CSV"][0]["counterparty"]) == (None, "")
    listed = await desk.api(mina)("{ viewer { transactions(first: 9) { nodes { id occurredAt } } } }")
    nodes = {node["id"]: node["occurredAt"] for node in listed["viewer"]["transactions"]["nodes"]}
    for rows in (found["CSV"], found["JSON"]):
        assert [row["id"] for row in rows] == list(nodes)[::-1]
        times = {row["id"]: datetime.fromisoformat(row["occurredAt"]) for row in rows}
        assert times == {key: datetime.fromisoformat(at) for key, at in nodes.items()}
    (page,) = found["PDF"]
    year = datetime.now(UTC).year
    assert page[:3] == ["", "Transactions", ""]
    assert {"Жанна Łukasz (@mina)", f"{year}-01-01 to {year}-12-31 (UTC)", "Transactions · page 1"} <= set(page)
    assert [text for text in page if text in ("12.50", "300", "0.99")] == ["12.50", "300"]


async def test_payouts(desk, till, make):
    mina = await make.user("mina")
    method = await till.by_hand(mina, handle="$mina")
    await till.earn(mina, 20_000)
    ids = [to_wire("payout", await till.request(mina, minor, method_id=method)) for minor in (5_000, 6_000)]
    found = await read(desk, mina, "PAYOUTS")
    assert [(row["id"], row["amount"]) for row in found["CSV"]] == [(ids[0], "50.00"), (ids[1], "60.00")]
    fields = "id status requestedAt paidAt failureCode failureMessage method { kind label }"
    money = "amount { amount currencyCode } fee { amount currencyCode } returned { amount currencyCode }"
    listed = await desk.api(mina)(f"{{ viewer {{ payouts(first: 9) {{ nodes {{ {fields} {money} }} }} }} }}")
    assert [same_times(row) for row in found["JSON"]] == [
        same_times(node) for node in reversed(listed["viewer"]["payouts"]["nodes"])
    ]
    (page,) = found["PDF"]
    assert page.count("AWAITING_OPERATOR") == 2


def same_times(row):
    return row | {"requestedAt": datetime.fromisoformat(row["requestedAt"])}


async def test_a_mission_report(desk, make):
    stage, mina = Stage(make), await make.user("mina", roles=(Role.CURATOR,))
    mission, _, runner = await stage.mission(curator=mina, title="Night")
    await stage.play(runner, set_of(datetime.now(UTC) - timedelta(minutes=40)))
    await stage.mission()
    await stage.look()
    found = await read(desk, mina, "MISSION_REPORT")
    (row,), (json,), (page,) = found["CSV"], found["JSON"], found["PDF"]
    proof = await stage.proof(mission)
    assert (row["missionId"], row["runner"], row["proofCid"]) == (
        to_wire("mission", mission),
        runner.username,
        proof.cid,
    )
    assert (row["trackTitle"], row["confidence"], row["amount"], row["currencyCode"]) == (
        "Late Tram",
        "100.0",
        "50.00",
        "USD",
    )
    assert (json["mission"]["runner"], json["mission"]["proof"]) == ({"username": runner.username}, {"cid": proof.cid})
    assert (json["track"]["title"], json["confidence"]) == ("Late Tram", 100.0)
    assert {"1 written, 1 done, 0 not verified", "Paid: 50.00 USD", "Late Tram"} <= set(page)


async def test_nothing_is_a_file_too(desk, make):
    mina = await make.user("mina")
    made = {form: (await desk.made(mina, "PAYOUTS", form)).content for form in ("CSV", "JSON", "PDF")}
    assert in_csv(made["CSV"]) == []
    assert made["CSV"].startswith(b"\xef\xbb\xbfid,requestedAt,")
    assert in_json(made["JSON"]) == []
    assert "Payouts · page 1" in in_pdf(made["PDF"])[0]


FORMULAS = {
    '=HYPERLINK("https://x.example","Win")': '\'=HYPERLINK("https://x.example","Win")',
    "+1+cmd|' /C calc'!A0": "'+1+cmd|' /C calc'!A0",
    "-2+3": "'-2+3",
    "@SUM(A1)": "'@SUM(A1)",
    " =1+1": "' =1+1",
    "-12.50": "-12.50",
    'He said, "one"; then = two': 'He said, "one"; then = two',
    "line\r\nline": "line\r\nline",
}


async def earn_with(desk, till, person, texts):
    """Let somebody have earned something under each of these texts."""
    async with desk.database.transaction() as tx:
        for text in texts:
            about = Occasion(text, subject=till.subject)
            await receive(tx, EntryKind.TIP, usd(100), [Share(person.id, 1)], fee_basis_points=0, occasion=about)


async def test_no_text_is_a_formula(desk, till, make):
    mina = await make.user("mina")
    await earn_with(desk, till, mina, FORMULAS)
    csv = in_csv((await desk.made(mina, "TRANSACTIONS", "CSV")).content)
    assert {row["description"] for row in csv} == set(FORMULAS.values())
    json = in_json((await desk.made(mina, "TRANSACTIONS", "JSON")).content)
    assert {row["description"] for row in json} == set(FORMULAS)


NAMES = ("Ωμέγα", "Жанна", "Łukasz", "山田太郎", "ليلى", "שלום", "(a) \\ b", "emoji 🎧", "a" * 300)


async def test_names_on_paper(desk, till, make):
    mina = await make.user("mina")
    await earn_with(desk, till, mina, [*NAMES, *("Row" for _ in range(50))])
    pages = in_pdf((await desk.made(mina, "TRANSACTIONS", "PDF")).content)
    assert [page[-1] for page in pages] == [f"Transactions · page {number}" for number in (1, 2)]
    assert all("What it was" in page for page in pages)
    lines = [text for page in pages for text in page]
    assert set(NAMES[:4]) | {"(a) \\ b"} <= set(lines)
    for name in NAMES[4:6]:
        # It stands on the page from left to right, and of letters in parts one part is told.
        (line,) = [line for line in lines if line and set(line) <= set(name)]
        assert len(line) >= len(name) - 1
        assert line == "".join(letter for letter in reversed(name) if letter in line)
    (long,) = [line for line in lines if line.startswith("aaa")]
    assert long.rstrip("…") == "a" * (len(long) - 1)
    assert lines.count("Row") == 50
