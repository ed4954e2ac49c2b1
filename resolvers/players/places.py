"""The calls that the whole app may make to a service."""

from __future__ import annotations

from domain.connections import AccountProvider
from domain.players import APPLE_CALLS, Budget
from domain.ports import Services


def budget_of(services: Services, provider: AccountProvider) -> Budget:
    """How often a service may be called."""
    return Budget(services.spotify_calls if provider is AccountProvider.SPOTIFY else APPLE_CALLS)


async def take_place(services: Services, provider: AccountProvider) -> float:
    """Take one of the calls; gives the seconds to wait, 0.0 when it was taken."""
    budget = budget_of(services, provider)
    name = f"players:{provider.value.lower()}"
    return await services.limiter.spend(name, every_seconds=budget.every_seconds, burst=budget.burst)
