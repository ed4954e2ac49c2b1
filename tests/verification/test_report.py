"""What missions came to: for their curator, and for those who run the platform."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.accounts import Role
from domain.missions import PAUSES, MissionStatus
from tests.client import operation
from tests.verification.conftest import set_of

REPORT = operation("MissionReport")
METRICS = operation("PlatformMetrics")
BACK = """query ($from: Date!, $to: Date!, $last: Int!, $before: String) {
  viewer { missionReport(from: $from, to: $to) { plays(last: $last, before: $before) {
    nodes { mission { id } } pageInfo { startCursor hasNextPage hasPreviousPage } } } }
}"""


def days():
    today = datetime.now(UTC).date()
    return {"from": str(today - timedelta(days=1)), "to": str(today)}


async def done(stage, curator, times=1):
    for number in range(times):
        _, _, runner = await stage.mission(curator=curator)
        await stage.play(runner, set_of(datetime.now(UTC) - timedelta(minutes=40 + 3 * number), prefix=str(number)))
    await stage.look()


async def test_a_curator_reads_what_came_of_their_missions(stage, api, make):
    curator = await make.user("mina", roles=(Role.CURATOR,))
    await done(stage, curator, times=3)
    failed, _, _ = await stage.mission(curator=curator)
    for _ in range(len(PAUSES) + 1):
        await stage.look()
    assert (await stage.read(failed)).status is MissionStatus.VERIFICATION_FAILED
    await stage.mission()
    report = (await api(curator)(REPORT, **days(), first=2))["viewer"]["missionReport"]
    assert (report["createdCount"], report["completedCount"], report["failedCount"]) == (4, 3, 1)
    assert (report["completionRate"], report["averageConfidence"]) == (0.75, 100.0)
    assert 0 < report["medianPaymentSeconds"] < 7200
    assert report["spent"] == [{"amount": "150.00", "currencyCode": "USD"}]
    plays = report["plays"]
    assert (plays["totalCount"], len(plays["nodes"]), plays["pageInfo"]["hasNextPage"]) == (3, 2, True)
    assert plays["nodes"][0]["track"]["title"] == "Late Tram"
    proof = plays["nodes"][0]["mission"]["proof"]
    assert proof["documentUrl"].endswith(proof["cid"])
    rest = (await api(curator)(REPORT, **days(), first=2, after=plays["pageInfo"]["endCursor"]))["viewer"]
    shown = [node["mission"]["id"] for node in plays["nodes"] + rest["missionReport"]["plays"]["nodes"]]
    assert len(set(shown)) == len(shown) == 3
    back = (await api(curator)(BACK, **days(), last=2))["viewer"]["missionReport"]["plays"]
    assert [node["mission"]["id"] for node in back["nodes"]] == shown[1:]
    assert (back["pageInfo"]["hasPreviousPage"], back["pageInfo"]["hasNextPage"]) == (True, False)
    first = (await api(curator)(BACK, **days(), last=2, before=back["pageInfo"]["startCursor"]))["viewer"]
    assert [node["mission"]["id"] for node in first["missionReport"]["plays"]["nodes"]] == shown[:1]
    # Somebody else has a report of their own.
    other = (await api(await make.user())(REPORT, **days(), first=2))["viewer"]["missionReport"]
    assert (other["createdCount"], other["completionRate"], other["plays"]["nodes"]) == (0, None, [])


@pytest.mark.parametrize("cursor", ["", "!!", "AAAA", "x" * 500, "é" * 32])
async def test_a_cursor_that_is_none_is_refused(api, make, cursor):
    answer = await api(await make.user()).answer(REPORT, {**days(), "first": 2, "after": cursor})
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


async def test_operators_alone_read_how_the_platform_does(stage, api, make):
    curator = await make.user(roles=(Role.CURATOR,))
    await done(stage, curator)
    olga = await make.user(roles=(Role.OPERATOR,))
    found = (await api(olga)(METRICS, **days()))["platformMetrics"]
    assert found["missionCompletionRate"] == 1.0
    assert found["platformFees"] == [{"amount": "2.50", "currencyCode": "USD"}]
    assert (found["verificationAccuracy"], found["royaltiesReceived"], found["payoutVolume"]) == (None, [], [])
    assert found["djSatisfaction"] == {"average": None, "ratingCount": 0}
    for person in (curator, None):
        assert (await api(person)(METRICS, **days()))["platformMetrics"] is None
    backwards = {"from": days()["to"], "to": days()["from"]}
    answer = await api(olga).answer(METRICS, backwards)
    assert answer["errors"][0]["extensions"]["field"] == ["to"]
