"""Stripe (https://docs.stripe.com/api)."""

from __future__ import annotations

from typing import Final

STRIPE_URL: Final = "https://api.stripe.com"
