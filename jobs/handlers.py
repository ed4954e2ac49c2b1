"""Which function does which kind of job."""

from __future__ import annotations

from typing import Final

from domain.jobs import JobKind
from jobs import (
    accounts,
    broadcasts,
    connections,
    exports,
    missions,
    notifications,
    payments,
    payouts,
    players,
    reconciliation,
    webhooks,
)
from jobs.work import Handler

HANDLERS: Final[dict[JobKind, Handler]] = {
    JobKind.SEND_SIGN_IN_CODE: accounts.send_code,
    JobKind.DELETE_FILES: accounts.delete_files,
    JobKind.END_SILENT_BROADCAST: broadcasts.end_silent,
    JobKind.NOTIFY_FOLLOWERS: notifications.notify_followers,
    JobKind.REVOKE_ACCESS: connections.revoke_access,
    JobKind.POLL_PLAYER: players.poll_player,
    JobKind.LINK_TRACK: players.link_track,
    JobKind.PROCESS_WEBHOOK: webhooks.process_webhook,
    JobKind.FOLLOW_CHECKOUT: payments.follow_checkout,
    JobKind.FOLLOW_PAYMENT_LINK: payments.follow_payment_link,
    JobKind.SEND_REFUND: payments.send_refund,
    JobKind.SEND_PAYOUT: payouts.send_payout,
    JobKind.RUN_PAYOUTS: payouts.run_payouts,
    JobKind.RECONCILE: reconciliation.reconcile,
    JobKind.VERIFY_MISSION: missions.verify_mission,
    JobKind.CLOSE_MISSION: missions.close_mission,
    JobKind.PIN_PROOF: missions.pin_proof,
    JobKind.MAKE_EXPORT: exports.make_export,
    JobKind.RECOVER_DEBT: payouts.recover_debt,
    JobKind.TAKE_BACK: payouts.take_back,
}
assert set(HANDLERS) == set(JobKind)
