"""Signing in: with a code, with an account elsewhere, with a wallet."""

from __future__ import annotations

from datetime import datetime

import strawberry

from domain.accounts import Channel
from domain.connections import SignInProvider
from domain.errors import InvalidInput
from resolvers.accounts import codes, sign_in, sign_in_elsewhere, sign_in_methods
from schema.accounts.sessions import IssuedSession
from schema.context import Info
from schema.deeds import DEAR, Payload, deed
from schema.words import describe

describe(
    Channel,
    "What somebody signs in with.",
    name="SignInMethod",
    EMAIL="A code by e-mail.",
    SMS="A code by SMS.",
    SPOTIFY="An account at Spotify.",
    APPLE="An account at Apple.",
    PRIVY="Privy.",
)
describe(
    SignInProvider,
    "Whose account can be signed in with by way of its own page.",
    SPOTIFY="Spotify.",
    APPLE="Apple.",
)


@strawberry.input(description="Where to send the code: one of the two.", one_of=True)
class RequestSignInCodeInput:
    """The input of `requestSignInCode`."""

    email: str | None = strawberry.field(default=strawberry.UNSET, description="An e-mail address.")
    phone: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The number of a mobile telephone with its country, such as `+49 151 12345678`.",
    )


@strawberry.type(description="The answer to `requestSignInCode`.")
class RequestSignInCodePayload(Payload):
    """The same, whether somebody has an account there or not."""

    expires_at: datetime | None = strawberry.field(default=None, description="Until when the code holds.")


@strawberry.input(description="A code that was sent to one of your addresses, and which address that was.")
class CodeInput:
    """Signing in by code."""

    email: str | None = strawberry.field(default=None, description="The e-mail address that it was sent to.")
    phone: str | None = strawberry.field(default=None, description="Or the number that it was sent to.")
    code: str = strawberry.field(description="The 6 digits. A code can be tried 5 times, within 10 minutes.")
    device: str | None = strawberry.field(
        default=None,
        description="What to call this device in the list of sessions; what the request says unless given.",
    )


@strawberry.input(description="What you came back with from a provider's page.")
class OAuthTicketInput:
    """Signing in by ticket."""

    ticket: str = strawberry.field(
        description="The `ticket` from the address that you were sent back to. It counts once, within 5 minutes; shown with "
        "a wrong verifier it is spent as well."
    )
    code_verifier: str = strawberry.field(
        description="The app's own PKCE verifier, whose challenge began it: 43 to 128 letters."
    )
    device: str | None = strawberry.field(default=None, description="What to call this device in the list of sessions.")


@strawberry.input(description="What Privy's SDK gives to an app in which somebody has signed in.")
class PrivyInput:
    """Signing in by a token of Privy's."""

    access_token: str = strawberry.field(description="The access token.")
    identity_token: str | None = strawberry.field(
        default=None, description="The identity token of the same person: it tells which addresses are verified."
    )
    device: str | None = strawberry.field(default=None, description="What to call this device in the list of sessions.")


@strawberry.input(description="How to sign in.", one_of=True)
class SignInInput:
    """The input of `signIn`."""

    code: CodeInput | None = strawberry.field(default=strawberry.UNSET, description="With a code that was sent to you.")
    oauth: OAuthTicketInput | None = strawberry.field(
        default=strawberry.UNSET, description="With an account elsewhere; `beginOAuthSignIn` begins it."
    )
    privy: PrivyInput | None = strawberry.field(default=strawberry.UNSET, description="With Privy.")


@strawberry.input(description="Whose account to sign in with.")
class BeginOAuthSignInInput:
    """The input of `beginOAuthSignIn`."""

    provider: SignInProvider = strawberry.field(description="Whose.")
    code_challenge: str = strawberry.field(
        description="The SHA-256 of a random verifier that the app keeps (PKCE, S256), in 43 letters of base64url. Only who "
        "has the verifier can sign in with what comes back."
    )
    return_to: str | None = strawberry.field(
        default=None,
        description="Where the browser is sent afterwards, with `provider` and either `ticket` or `error` in the query. "
        "Exactly one of the addresses that this installation allows; a small page of ours unless given.",
    )


@strawberry.type(description="The answer to `beginOAuthSignIn`.")
class BeginOAuthSignInPayload(Payload):
    """Where to go."""

    authorization_url: str | None = strawberry.field(
        default=None, description="The provider's page: open it in a browser within 10 minutes. It can be used once."
    )


@strawberry.type(description="The answer to `signIn`.")
class SignInPayload(Payload):
    """The session, and whether the person is new."""

    session: IssuedSession | None = strawberry.field(default=None, description="The session.")
    is_new_user: bool | None = strawberry.field(
        default=None, description="Whether you were not here before: then choose a username."
    )


@strawberry.input(description="What to sign in with from now on, too: one of the two.", one_of=True)
class AddSignInMethodInput:
    """The input of `addSignInMethod`."""

    oauth: OAuthTicketInput | None = strawberry.field(
        default=strawberry.UNSET, description="An account elsewhere; `beginOAuthSignIn` begins it."
    )
    privy: PrivyInput | None = strawberry.field(default=strawberry.UNSET, description="Privy.")


@strawberry.type(description="The answer to `addSignInMethod`.")
class AddSignInMethodPayload(Payload):
    """What there is now."""

    sign_in_methods: list[Channel] | None = strawberry.field(
        default=None, description="All that you can sign in with now, the first one first."
    )


@strawberry.type
class SignInMutations:
    """Deeds of those who come in."""

    @deed(
        "Have a code sent to an address, to sign in with. The answer never says whether somebody has an account there.",
        cost=DEAR,
    )
    async def request_sign_in_code(self, info: Info, input: RequestSignInCodeInput) -> RequestSignInCodePayload:
        """Send a code."""
        context = info.context
        expires_at = await codes.request_code(
            context.database, context.services, context.caller, email=input.email or None, phone=input.phone or None
        )
        return RequestSignInCodePayload(expires_at=expires_at)

    @deed("Leave for a provider's page to sign in with an account there.", name="beginOAuthSignIn")
    async def begin_oauth_sign_in(self, info: Info, input: BeginOAuthSignInInput) -> BeginOAuthSignInPayload:
        """Begin to sign in."""
        context = info.context
        url = await sign_in_elsewhere.begin_oauth_sign_in(
            context.database,
            context.services,
            context.caller,
            provider=input.provider,
            code_challenge=input.code_challenge,
            return_to=input.return_to,
        )
        return BeginOAuthSignInPayload(authorization_url=url)

    @deed(
        "Sign in. What nobody has shown yet makes a new person, unless it comes with a verified address that one person "
        "has: then it is theirs from now on. The address that Spotify tells is not verified.",
        cost=DEAR,
    )
    async def sign_in(self, info: Info, input: SignInInput) -> SignInPayload:
        """Sign in by what was given."""
        outside = info.context.database, info.context.services, info.context.caller
        if input.code:
            signed_in = await sign_in.sign_in_by_code(*outside, **vars(input.code))
        elif input.oauth:
            signed_in = await sign_in_elsewhere.sign_in_by_ticket(*outside, **vars(input.oauth))
        elif input.privy:
            signed_in = await sign_in_elsewhere.sign_in_by_wallet(*outside, **vars(input.privy))
        else:
            raise InvalidInput("Say how to sign in.")
        return SignInPayload(session=IssuedSession.of(signed_in.session), is_new_user=signed_in.is_new_user)

    @deed(
        "Also sign in with an account elsewhere from now on. Nothing is joined by this: an account that somebody else signs "
        "in with is refused. Only a person can do this, not a program.",
        cost=DEAR,
    )
    async def add_sign_in_method(self, info: Info, input: AddSignInMethodInput) -> AddSignInMethodPayload:
        """Add a way to sign in."""
        context = info.context
        outside = context.database, context.services, context.signed_in, context.caller
        if input.oauth:
            methods = await sign_in_methods.add_by_ticket(
                *outside, ticket=input.oauth.ticket, code_verifier=input.oauth.code_verifier
            )
        elif input.privy:
            methods = await sign_in_methods.add_by_wallet(
                *outside, access_token=input.privy.access_token, identity_token=input.privy.identity_token
            )
        else:
            raise InvalidInput("Say what to sign in with.")
        return AddSignInMethodPayload(sign_in_methods=methods)
