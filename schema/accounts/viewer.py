"""Who asks: what belongs to them alone."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from db import tables
from db.access.viewer import Viewer as Who
from db.expressions import accounts, notifications
from db.expressions.money import decimal_text
from domain.accounts import Channel
from engine.declare import (
    SQL,
    Connection,
    computed,
    embedded,
    entity,
    finished,
    listed,
    many,
    one,
    one_where,
    own,
    reads,
)
from resolvers.connections.apple_music import developer_token
from schema import follows as following
from schema.accounts.connections import ConnectedAccount, present
from schema.accounts.programs import ApiToken, holding
from schema.accounts.sessions import Session, going_on
from schema.accounts.user import User, called
from schema.context import Context
from schema.missions.report import MissionReport, report_of
from schema.money import Balance
from schema.payouts.types import Payout, PayoutMethod
from schema.payouts.types import present as kept
from schema.plays import Companion, Play, at_hand
from schema.plays import chosen as played
from schema.wallet import Earnings, Transaction, chosen
from schema.wallet import earnings as read_earnings

if TYPE_CHECKING:
    from schema.notifications import Notification, NotificationSettings
    from schema.payment_links import PaymentLink


@entity(tables.User, id=None)
class MusicPreferences:
    """What somebody likes to hear."""

    @computed
    def favorite_genres(user: type[tables.User], viewer: Who) -> SQL[list[str]]:
        """Genres, in lower case."""
        return accounts.favorite_genres(user, viewer)

    @computed
    def explicit_content(user: type[tables.User], viewer: Who) -> SQL[bool]:
        """Whether explicit tracks are welcome."""
        return accounts.explicit_content(user, viewer)


def written(amount: str) -> object:
    """Bind an amount of a balance: its text and its currency."""
    column = getattr(tables.Balance, amount)
    return embedded(
        amount=lambda balance, _viewer: decimal_text(getattr(balance, column.key), balance.currency),
        currency_code=tables.Balance.currency,
    )


@entity(tables.User, id=None)
class Viewer:
    """You: the person who asks. What is here is seen by nobody else."""

    user: User = one("You, as others see you.", tables.User.id)
    sessions: list[Session] = listed(
        "Where you are signed in, the latest used first.",
        tables.Session.user_id,
        order=tables.Session.last_seen_at.desc(),
        where=going_on,
    )
    api_tokens: list[ApiToken] = listed(
        "The tokens of your own programs, the latest made first.",
        tables.ApiToken.user_id,
        order=tables.ApiToken.created_at.desc(),
        where=holding,
    )
    connected_accounts: list[ConnectedAccount] = listed(
        "Your accounts elsewhere that you let us use, the latest connected first. Those that you ended are not here.",
        tables.ConnectedAccount.user_id,
        order=tables.ConnectedAccount.connected_at.desc(),
        where=present,
    )
    balances: list[Balance] = listed(
        "What you have, one for each currency.",
        tables.Balance.owner_id,
        order=tables.Balance.currency,
        currency_code=tables.Balance.currency,
        available=written("available_minor"),
        pending=written("pending_minor"),
        withheld=written("withheld_minor"),
    )
    payment_links: Connection[PaymentLink] = many(
        "The payment links that you made, the latest first.",
        tables.PaymentLink.owner_id,
        order=tables.PaymentLink.created_at.desc(),
    )
    transactions: Connection[Transaction] = many(
        "What moved your money, the latest first.",
        tables.Transaction.owner_id,
        order=tables.Transaction.occurred_at.desc(),
        where=chosen,
    )
    payout_methods: list[PayoutMethod] = listed(
        "Where you are paid, the oldest first. Those that you removed are not here.",
        tables.PayoutMethod.user_id,
        order=tables.PayoutMethod.added_at,
        where=kept,
    )
    payouts: Connection[Payout] = many(
        "Money on its way to you, the latest first.",
        tables.Payout.user_id,
        order=tables.Payout.requested_at.desc(),
    )
    play_history: Connection[Play] = many(
        "What you played as DJ, the latest first. Nobody else sees it, but for a play that proves a mission: its curator "
        "sees that one.",
        tables.PlayRow.user_id,
        order=tables.PlayRow.played_at.desc(),
        where=played,
    )
    companions: list[Companion] = listed(
        "The programs that send what you play, the latest made first. Those that you revoked are not here.",
        tables.Companion.user_id,
        order=tables.Companion.created_at.desc(),
        where=at_hand,
    )
    music_preferences: MusicPreferences = one("What you like to hear.", tables.User.id)
    notification_settings: NotificationSettings = embedded(
        "Which news you want.",
        broadcast_started=notifications.wants(tables.NotificationSettings.broadcast_started),
        mission_updates=notifications.wants(tables.NotificationSettings.mission_updates),
        payouts=notifications.wants(tables.NotificationSettings.payouts),
        bookings=notifications.wants(tables.NotificationSettings.bookings),
        releases=notifications.wants(tables.NotificationSettings.releases),
        marketing=notifications.wants(tables.NotificationSettings.marketing),
    )
    notifications: Connection[Notification] = many(
        "News for you, the latest first.",
        tables.Notification.user_id,
        order=tables.Notification.created_at.desc(),
    )

    @finished(tables.User.id)
    async def earnings(
        user_id: UUID,
        context: Context,
        from_: Annotated[date, strawberry.argument(name="from", description="The first day, in UTC.")],
        to: Annotated[date, strawberry.argument(description="The last day, in UTC; a year after the first at most.")],
    ) -> Earnings:
        """What you earned from one day to another, both included."""
        return await read_earnings(context, user_id, from_, to)

    @finished(tables.User.id)
    async def mission_report(
        user_id: UUID,
        context: Context,
        from_: Annotated[date, strawberry.argument(name="from", description="The first day, in UTC.")],
        to: Annotated[date, strawberry.argument(description="The last day, in UTC; a year after the first at most.")],
    ) -> MissionReport:
        """Your missions from one day to another, both included, as their curator."""
        return await report_of(context, user_id, from_, to)

    @finished(tables.User.id)
    async def suggested_curators(
        user_id: UUID,
        context: Context,
        first: Annotated[int, strawberry.argument(description="At most so many, 100 at most.")] = 20,
    ) -> following.SuggestedCurators:
        """People whom you may like to follow: genres in common, followed by those you follow, on air now."""
        return await following.suggested_curators(context, user_id, first)

    @finished()
    def apple_music_developer_token(context: Context) -> str | None:
        """What MusicKit needs in the app before it can ask you for access to Apple Music.

        It holds for half an hour at least. Null when this installation is no app of Apple's.
        """
        return developer_token(context.services, context.origins)

    @computed
    def email(user: type[tables.User], viewer: Who) -> SQL[str | None]:
        """The e-mail address that you sign in with."""
        return accounts.email(user, viewer)

    @computed
    def phone(user: type[tables.User], viewer: Who) -> SQL[str | None]:
        """The telephone number that you sign in with, such as `+4915112345678`."""
        return accounts.phone(user, viewer)

    @computed
    def sign_in_methods(user: type[tables.User], viewer: Who) -> SQL[list[Channel]]:
        """What you can sign in with, the first one first."""
        return accounts.sign_in_methods(user, viewer)

    @computed
    def unread_notification_count(user: type[tables.User], viewer: Who) -> SQL[int]:
        """How many notifications you have not seen."""
        return notifications.unread_count(user, viewer)


@reads
class AccountReads:
    """Reads of people."""

    viewer: Viewer | None = own("You; null when nobody is signed in.")
    user: User | None = one_where(
        "A person by their username, in any case, with or without an @.", tables.User, where=called
    )
