"""Missions: one of everything that belongs to one, and one for each deed."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from db import tables
from domain.ids import new_id, to_wire
from domain.ledger import Occasion
from domain.money import Currency, Money
from resolvers.ledger.holds import hold

DAY = timedelta(days=1)
AHEAD, NOW, PAST = (DAY, 2 * DAY), (-DAY, DAY), (-2 * DAY, -DAY)
STANDS = {
    "all": ("curates", "VERIFICATION_FAILED", PAST, "MANUAL"),
    "cancel": ("curates", "ACCEPTED", AHEAD, "AUTOMATED"),
    "review": ("curates", "IN_REVIEW", PAST, "MANUAL"),
    "accept": ("runs", "OPEN", AHEAD, "AUTOMATED"),
    "withdraw": ("runs", "ACCEPTED", AHEAD, "AUTOMATED"),
    "submit": ("runs", "ACCEPTED", NOW, "MANUAL"),
    "appeal": ("runs", "VERIFICATION_FAILED", PAST, "MANUAL"),
    "rate": ("runs", "EXPIRED", PAST, "AUTOMATED"),
    "retry": ("runs", "VERIFICATION_FAILED", PAST, "AUTOMATED"),
}
"""What the owner is in it, where it stands, when its window is, and who decides."""


async def ask(make, owner, friend):
    """Missions by what may be done with them, and the ids of one of each thing that belongs to one."""
    keys = {name: new_id() for name in STANDS}
    now = datetime.now(UTC)
    async with make.database.transaction() as tx:
        for name, (standing, status, (starts, ends), method) in STANDS.items():
            curator, runner = (owner, friend) if standing == "curates" else (friend, owner)
            row = {"id": keys[name], "curator_id": curator.id, "status": status, "hold_id": new_id()}
            row |= {"runner_id": None if status == "OPEN" else runner.id, "verification_method": method}
            row |= {"window_starts_at": now + starts, "window_ends_at": now + ends, "accepted_at": now - 3 * DAY}
            row |= {"review_due_at": now + DAY, "rejected_at": now if name == "appeal" else None}
            await _write(tx, row)
        evidence = await _write_evidence(tx, keys["all"], friend)
    wire = {name: to_wire("mission", key) for name, key in keys.items()}
    return wire, {"Mission": wire["all"], **evidence}


async def _write(tx, row):
    amount = Money(1_000, Currency.USD)
    occasion = Occasion("Canary mission", subject=("Mission", row["id"]))
    await hold(tx, row["hold_id"], amount, occasion=occasion)
    title = "Open night" if row["status"] == "OPEN" else "Canary night"
    track = {"track_title": "Roses", "track_artist": "Nova", "title": title}
    money = {"currency": "USD", "amount_minor": amount.minor, "fee_basis_points": 500}
    await tx.session.execute(
        insert(tables.Mission).values(**row, **track, **money, auto_verify=False, requires_gig=True)
    )


async def _write_evidence(tx, mission_id, runner):
    keys = {name: new_id() for name in ("MissionEvidence", "EvidenceFile", "MissionReview", "VerificationAttempt")}
    upload = {"id": new_id(), "user_id": runner.id, "purpose": "MISSION_EVIDENCE", "filename": "canary.png"}
    upload |= {"content_type": "image/png", "byte_size": 70, "storage_key": "evidence/canary", "status": "USED"}
    file = {"evidence_id": keys["MissionEvidence"], "upload_id": upload["id"], "filename": "canary.png"}
    file |= {"content_type": "image/png", "storage_key": "evidence/canary", "position": 0}
    attempt = {"mission_id": mission_id, "number": 1, "status": "FAILED", "outcome": "NO_HISTORY"}
    rows = (
        (tables.MissionEvidence, {"mission_id": mission_id, "runner_id": runner.id, "note": "Canary evidence"}),
        (tables.EvidenceFile, file),
        (tables.MissionReview, {"mission_id": mission_id, "author_id": runner.id, "rating": 5, "text": "Canary"}),
        (tables.VerificationAttempt, {**attempt, "finished_at": datetime.now(UTC)}),
    )
    await tx.session.execute(insert(tables.Upload).values(**upload, expires_at=datetime.now(UTC) + DAY))
    for table, row in rows:
        await tx.session.execute(insert(table).values(id=keys[table.__name__], **row))
    prefixes = {"MissionEvidence": "evidence", "EvidenceFile": "evidencefile", "MissionReview": "review"}
    prefixes |= {"VerificationAttempt": "attempt"}
    return {name: to_wire(prefixes[name], key) for name, key in keys.items()}
