"""Verification, from a history in the database to a mission that is paid and proved, or is not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from db.queries import verification
from domain.canonical import cid_of
from domain.missions import PAUSES, AttemptStatus, MissionStatus, VerificationOutcome
from domain.plays import TrustLevel
from domain.proof_documents import is_valid
from tests.client import operation
from tests.verification.conftest import set_of, wire

DETAIL = operation("MissionDetail")
RETRY = operation("RetryVerification")
PREVIEW = operation("VerificationPreview")
PROOF = operation("VerifyProof")


def ago(**time):
    return datetime.now(UTC) - timedelta(**time)


async def test_a_mission_completes_when_the_track_was_played(stage, api):
    mission_id, curator, runner = await stage.mission()
    await stage.play(runner, set_of(ago(minutes=50)))
    await stage.look()
    mission = await stage.read(mission_id)
    assert mission.status is MissionStatus.COMPLETED
    [attempt] = await stage.attempts(mission_id)
    assert (attempt.status, attempt.outcome, attempt.confidence) == (
        AttemptStatus.PASSED,
        VerificationOutcome.PASSED,
        100.0,
    )
    assert (attempt.total_points, attempt.available_points, attempt.next_attempt_at) == (70, 70, None)
    assert await stage.has(runner) == 4_750
    proof = await stage.proof(mission_id)
    document = bytes(proof.document)
    assert proof.cid == cid_of(document)
    assert is_valid(document, stage.services.notary)
    for secret in (str(runner.id), runner.username, str(curator.id), curator.username, str(mission_id)):
        assert secret not in document.decode()
    shown = await api(curator)(DETAIL, id=wire(mission_id))
    assert shown["mission"]["verificationAttempts"][0]["gig"]["isProfessional"]
    assert shown["mission"]["verificationAttempts"][0]["matchedPlay"]["track"]["title"] == "Late Tram"
    assert shown["mission"]["proof"]["cid"] == proof.cid
    checked = await api()(PROOF, cid=proof.cid)
    assert checked["missionProof"]["valid"]
    assert checked["missionProof"]["mission"] is None
    # Done again, nothing happens again.
    await stage.look()
    assert await stage.has(runner) == 4_750


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        (lambda plays: [], VerificationOutcome.NO_HISTORY),
        (lambda plays: [replace(play, title="Else", artist="Other") for play in plays], VerificationOutcome.NOT_PLAYED),
        (lambda plays: [replace(play, artist="Somebody Else") for play in plays], VerificationOutcome.LOW_CONFIDENCE),
        (lambda plays: plays[4:9], VerificationOutcome.NOT_A_GIG),
        (lambda plays: [replace(play, audible=False) for play in plays], VerificationOutcome.NOT_PLAYED),
    ],
    ids=["nothing", "another", "wrong artist", "five tracks", "inaudible"],
)
async def test_what_does_not_prove_it_pays_nobody(stage, change, outcome):
    mission_id, _, runner = await stage.mission()
    await stage.play(runner, change(list(set_of(ago(minutes=50)))))
    await stage.look()
    mission = await stage.read(mission_id)
    assert mission.status is MissionStatus.VERIFYING
    [attempt] = await stage.attempts(mission_id)
    assert (attempt.status, attempt.outcome) == (AttemptStatus.FAILED, outcome)
    assert attempt.next_attempt_at > datetime.now(UTC) + PAUSES[0] * 0.9
    assert await stage.has(runner) == 0
    assert await stage.proof(mission_id) is None


@pytest.mark.parametrize("trust", [TrustLevel.UPLOADED, TrustLevel.EXPORTED], ids=["uploaded", "exported"])
async def test_a_file_that_anybody_can_make_is_for_the_curator_to_judge(stage, trust):
    mission_id, _, runner = await stage.mission()
    await stage.play(runner, set_of(ago(minutes=50)), trust=trust)
    await stage.look()
    mission = await stage.read(mission_id)
    [attempt] = await stage.attempts(mission_id)
    assert (mission.status, attempt.outcome) == (MissionStatus.IN_REVIEW, VerificationOutcome.WEAK_SOURCE)
    assert mission.review_due_at > datetime.now(UTC)
    assert await stage.has(runner) == 0


async def test_a_track_on_two_decks_of_one_number_is_for_people(stage):
    mission_id, _, runner = await stage.mission()
    plays = list(set_of(ago(minutes=50)))
    await stage.play(
        runner,
        [
            replace(play, deck=1, started_at=play.started_at - timedelta(seconds=100))
            if play.key == "1:6"
            else replace(play, deck=1)
            for play in plays
        ],
    )
    await stage.look()
    [attempt] = await stage.attempts(mission_id)
    assert attempt.outcome is VerificationOutcome.IMPLAUSIBLE
    assert any(finding["grave"] for finding in attempt.findings)
    assert (await stage.read(mission_id)).status is MissionStatus.IN_REVIEW


async def test_without_auto_verify_the_curator_has_the_word(stage):
    mission_id, _, runner = await stage.mission(auto_verify=False)
    await stage.play(runner, set_of(ago(minutes=50)))
    await stage.look()
    mission = await stage.read(mission_id)
    [attempt] = await stage.attempts(mission_id)
    assert (mission.status, attempt.status) == (MissionStatus.IN_REVIEW, AttemptStatus.PASSED)
    assert await stage.has(runner) == 0


async def test_looks_have_an_end(stage):
    mission_id, _, _ = await stage.mission()
    for _ in range(len(PAUSES) + 3):
        await stage.look()
    mission = await stage.read(mission_id)
    attempts = await stage.attempts(mission_id)
    assert mission.status is MissionStatus.VERIFICATION_FAILED
    assert [attempt.number for attempt in attempts] == list(range(1, len(PAUSES) + 2))
    assert mission.review_due_at > datetime.now(UTC) + timedelta(days=6)


async def test_a_dj_has_it_looked_at_again_and_nobody_else(stage, api, make):
    mission_id, curator, runner = await stage.mission()
    for _ in range(len(PAUSES) + 1):
        await stage.look()
    stranger = await make.user()
    for person in (curator, stranger):
        assert (await api(person).refused(RETRY, missionId=wire(mission_id)))["code"] == "NOT_FOUND"
    assert (await stage.read(mission_id)).status is MissionStatus.VERIFICATION_FAILED
    await stage.play(runner, set_of(ago(minutes=50)))
    done = await api(runner).do(RETRY, missionId=wire(mission_id))
    assert done["mission"]["status"] == "VERIFYING"
    await make.run_jobs()
    assert (await stage.read(mission_id)).status is MissionStatus.COMPLETED
    assert (await api(runner).refused(RETRY, missionId=wire(mission_id)))["code"] == "CONFLICT"


async def test_during_the_set_a_look_in_vain_is_no_attempt(stage):
    mission_id, _, runner = await stage.mission(hours_ago=1, lasts=3)
    await stage.play(runner, set_of(ago(minutes=1), wanted=None, prefix="2"))
    await stage.look()
    assert await stage.attempts(mission_id) == []
    assert (await stage.read(mission_id)).status is MissionStatus.ACCEPTED
    await stage.play(
        runner,
        [
            replace(play, key="2:6", title="Late Tram", artist="Marchand", updated_at=datetime.now(UTC))
            for play in list(set_of(ago(minutes=1)))[6:7]
        ],
    )
    await stage.look()
    assert (await stage.read(mission_id)).status is MissionStatus.COMPLETED


async def test_a_play_outside_of_the_window_counts_nothing(stage):
    mission_id, _, runner = await stage.mission(hours_ago=2, lasts=0.5)
    await stage.play(runner, set_of(ago(minutes=50), place=11))
    await stage.look()
    [attempt] = await stage.attempts(mission_id)
    assert attempt.outcome is VerificationOutcome.NOT_PLAYED


async def test_a_preview_says_what_there_would_be_said_and_changes_nothing(stage, api, make):
    mission_id, curator, runner = await stage.mission()
    await stage.play(runner, set_of(ago(minutes=50)))
    asked = {"missionId": wire(mission_id)}
    shown = (await api(runner)(PREVIEW, input=asked))["verificationPreview"]
    assert (shown["outcome"], shown["confidence"]) == ("PASSED", 100.0)
    assert shown["score"] == {"title": 40, "artist": 30, "isrc": 0, "duration": 0, "total": 70, "available": 70}
    assert shown["matchedPlay"]["deck"] == 1
    assert (await stage.read(mission_id)).status is MissionStatus.ACCEPTED
    assert await stage.attempts(mission_id) == []
    refused = await api(curator).answer(PREVIEW, {"input": asked})
    assert refused["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_second_promise_makes_the_first_void(stage, make):
    mission_id, _, _ = await stage.mission()
    await stage.change(mission_id, verifications=2)
    await stage.look()
    assert await stage.attempts(mission_id) == []
    async with stage.database.session() as session:
        assert await verification.count_attempts(session, mission_id, None) == 0
