"""Accounts that people have elsewhere: connecting, renewing and ending them."""

from __future__ import annotations

from datetime import datetime

import strawberry

from db import tables
from db.access import connections as access
from db.access.viewer import Viewer
from db.expressions.connections import is_present
from domain.connections import AccountProvider, AccountStatus, Connectable
from domain.ids import Prefix, from_wire
from engine.declare import Where, column, entity
from engine.executor import ref
from resolvers.connections import apple_music, connect, disconnect, renew
from resolvers.payouts.connect import connect_account
from schema.context import Info
from schema.deeds import DEAR, Payload, deed
from schema.subjects import NotificationSubject
from schema.words import describe

describe(
    AccountProvider,
    "Where an account that can be connected is.",
    SERATO="Serato, for what a DJ played.",
    SPOTIFY="Spotify, for what plays in a room.",
    APPLE_MUSIC="Apple Music; connect it with `connectAppleMusic`.",
)
describe(
    Connectable,
    "Where an account is that you can ask to connect.",
    name="ConnectableProvider",
    SERATO="Serato, for what a DJ played.",
    SPOTIFY="Spotify, for what plays in a room.",
    APPLE_MUSIC="Apple Music has no page to be sent to; connect it with `connectAppleMusic`.",
    STRIPE="Stripe, to be paid: the same as `addPayoutMethod` with STRIPE, and found in `Viewer.payoutMethods`.",
)
describe(
    AccountStatus,
    "Where a connected account stands.",
    CONNECTED="We may act for you there.",
    NEEDS_RECONNECT="The provider no longer lets us in: connect it again.",
    DISCONNECTED="You ended it.",
)


@entity(tables.ConnectedAccount, id=Prefix.CONNECTED_ACCOUNT, visible=access.connected_account)
class ConnectedAccount(NotificationSubject):
    """An account of yours elsewhere that you let us use. Seen by nobody else."""

    provider: AccountProvider = column("Where it is.")
    status: AccountStatus = column("Where it stands.")
    username: str | None = column("What you are called there; null where nobody says.")
    display_name: str | None = column("How you call yourself there.")
    connected_at: datetime = column("When you last connected it.")
    expires_at: datetime | None = column(
        "When the present access ends. It is renewed before that by itself; null where nobody says."
    )


def present(account: type[tables.ConnectedAccount], viewer: Viewer) -> Where:
    """Only accounts that were not disconnected."""
    yield is_present(account)


@strawberry.input(description="Which account to connect.")
class ConnectAccountInput:
    """The input of `connectAccount`."""

    provider: Connectable = strawberry.field(description="Where it is: SERATO, SPOTIFY or STRIPE.")
    country_code: str | None = strawberry.field(
        default=None,
        description="STRIPE: the country in which you are paid, two letters; the country of your profile unless given.",
    )
    return_to: str | None = strawberry.field(
        default=None,
        description="Where the browser is sent afterwards; by SERATO and SPOTIFY with `provider` and either `status=CONNECTED` or `error` (a code "
        "such as ACCESS_DENIED) in the query. Exactly one of the addresses that this installation allows; a small page "
        "of ours unless given.",
    )


@strawberry.type(description="The answer to `connectAccount`.")
class ConnectAccountPayload(Payload):
    """Where to go."""

    authorization_url: str | None = strawberry.field(
        default=None,
        description="The provider's page: open it in a browser at once, since it can be used once, within 10 minutes and at "
        "Stripe fewer. Null when Stripe wants to know nothing more.",
    )


@strawberry.input(description="What MusicKit handed to the app.")
class ConnectAppleMusicInput:
    """The input of `connectAppleMusic`."""

    music_user_token: str = strawberry.field(
        description="The Music User Token, made with `Viewer.appleMusicDeveloperToken`. It is never shown again."
    )


@strawberry.type(description="The answer to `connectAppleMusic`.")
class ConnectAppleMusicPayload(Payload):
    """The account."""

    connected_account: ConnectedAccount | None = strawberry.field(default=None, description="The account.")


@strawberry.input(description="Which access to renew.")
class RefreshConnectedAccountInput:
    """The input of `refreshConnectedAccount`."""

    account_id: strawberry.ID = strawberry.field(description="Your account.")


@strawberry.type(description="The answer to `refreshConnectedAccount`.")
class RefreshConnectedAccountPayload(Payload):
    """The account, with its new access."""

    connected_account: ConnectedAccount | None = strawberry.field(default=None, description="The account.")


@strawberry.input(description="Which account to end.")
class DisconnectAccountInput:
    """The input of `disconnectAccount`."""

    account_id: strawberry.ID = strawberry.field(description="Your account.")


@strawberry.type(description="The answer to `disconnectAccount`.")
class DisconnectAccountPayload(Payload):
    """The account that is over."""

    connected_account: ConnectedAccount | None = strawberry.field(
        default=None, description="The account; `node` shows it still, the list does not."
    )
    manage_url: str | None = strawberry.field(
        default=None,
        description="Where you can take our access away at the provider's own page; null where we do that for you.",
    )


@strawberry.type
class ConnectionMutations:
    """Deeds about accounts elsewhere."""

    @deed(
        "Leave for a provider's page to connect your account there. When you come back it is connected; another account of "
        "the same provider that you had is disconnected. STRIPE: it is a way to be paid, and you have one. Only a person can do this, not a program."
    )
    async def connect_account(self, info: Info, input: ConnectAccountInput) -> ConnectAccountPayload:
        """Begin to connect."""
        actor, context = info.context.signed_in, info.context
        if input.provider is Connectable.STRIPE:
            url = await connect_account(
                context.database, context.services, actor, country=input.country_code, return_to=input.return_to
            )
            return ConnectAccountPayload(authorization_url=url)
        provider = AccountProvider(input.provider)
        url = await connect.begin(
            context.database, context.services, actor, provider=provider, return_to=input.return_to
        )
        return ConnectAccountPayload(authorization_url=url)

    @deed(
        "Connect Apple Music, which has no page to be sent to: MusicKit hands the app a token. Another token of yours takes "
        "the place of the one before.",
        cost=DEAR,
    )
    async def connect_apple_music(self, info: Info, input: ConnectAppleMusicInput) -> ConnectAppleMusicPayload:
        """Connect Apple Music."""
        actor, context = info.context.signed_in, info.context
        account_id = await apple_music.connect_apple_music(
            context.database, context.services, actor, input.music_user_token
        )
        return ConnectAppleMusicPayload(connected_account=ref(ConnectedAccount, account_id))

    @deed(
        "Renew the access to an account, to see whether it still works. It is renewed by itself as well; who asks again "
        "within 10 seconds is given what the last one got. EXPIRED: connect it again.",
        cost=DEAR,
    )
    async def refresh_connected_account(
        self, info: Info, input: RefreshConnectedAccountInput
    ) -> RefreshConnectedAccountPayload:
        """Renew access."""
        actor, context = info.context.signed_in, info.context
        account_id = from_wire(Prefix.CONNECTED_ACCOUNT, input.account_id, "accountId")
        await renew.renew(context.database, context.services, actor, account_id)
        return RefreshConnectedAccountPayload(connected_account=ref(ConnectedAccount, account_id))

    @deed(
        "End our use of an account at once. The provider is told as soon as it answers, and our access is erased. Doing it "
        "twice changes nothing."
    )
    async def disconnect_account(self, info: Info, input: DisconnectAccountInput) -> DisconnectAccountPayload:
        """End an account."""
        actor = info.context.signed_in
        account_id = from_wire(Prefix.CONNECTED_ACCOUNT, input.account_id, "accountId")
        async with info.context.transaction() as tx:
            manage_url = await disconnect.disconnect(tx, actor, account_id)
        return DisconnectAccountPayload(connected_account=ref(ConnectedAccount, account_id), manage_url=manage_url)
