"""Words about missions."""

from __future__ import annotations

from enum import Enum

from domain.missions import EvidenceDecision, FundFrom, MissionAction, MissionStatus, VerificationMethod
from schema.words import describe

__all__ = [
    "EvidenceDecision",
    "FundFrom",
    "MissionAction",
    "MissionOrder",
    "MissionStatus",
    "VerificationMethod",
]


class MissionOrder(Enum):
    """The orders of `missions`."""

    NEWEST = "NEWEST"
    BUDGET = "BUDGET"
    WINDOW = "WINDOW"


describe(
    MissionOrder,
    "In which order to show missions.",
    NEWEST="What was written last comes first.",
    BUDGET="What pays most comes first; filter by currency, since amounts of different ones are not compared.",
    WINDOW="What begins first comes first.",
)
describe(
    MissionStatus,
    "Where a mission stands.",
    DRAFT="It waits for its money: see `checkout`.",
    OPEN="Its money is held, and a DJ may accept it.",
    ACCEPTED="A DJ does it.",
    VERIFYING="Its window is over, and what the DJ's software recorded is looked at.",
    IN_REVIEW="It waits for a person to decide.",
    COMPLETED="The track was played, and the DJ is paid.",
    VERIFICATION_FAILED="It was not shown that the track was played. The DJ may hand in evidence for a week.",
    CANCELLED="It was called off; the money went back.",
    EXPIRED="Its time is over; the money went back.",
)
describe(
    VerificationMethod,
    "How it is found out whether the track was played.",
    AUTOMATED="By what the DJ's software recorded.",
    MANUAL="The DJ says so, with files or without, and the curator decides.",
    MANUAL_WITH_PROOF="The DJ hands in at least one file, and the curator decides.",
)
describe(
    FundFrom,
    "Where a mission's money comes from.",
    CARD="A card: the mission is a draft until its checkout is paid.",
    BALANCE="What is available in your balance: it is held at once, and the mission is open.",
)
describe(
    EvidenceDecision,
    "What was decided.",
    APPROVED="The track was played.",
    REJECTED="It was not shown that the track was played.",
)
describe(
    MissionAction,
    "What a person may do with a mission next.",
    PAY="Pay at its checkout.",
    ACCEPT="Do it: `acceptMission`.",
    CANCEL="Call it off: `cancelMission`.",
    WITHDRAW="Not do it after all: `withdrawMission`.",
    SUBMIT_EVIDENCE="Show that the track was played: `submitMissionEvidence`.",
    REVIEW_EVIDENCE="Decide whether it was: `reviewMissionEvidence`.",
    APPEAL="Have operators decide anew, once: `appealMissionDecision`.",
    RETRY_VERIFICATION="Have the history looked at again: `retryVerification`.",
    RATE="Say how it went: `rateMission`.",
)
