"""The shapes of what is paid out and disputed: every field that Stripe's own objects have."""

from __future__ import annotations

from typing import Final

from integrations.sandbox.stripe.refusals import Json
from integrations.sandbox.stripe.shapes import ADDRESS, CARD_CHECKS

NOTHING_DUE: Final[Json] = {
    "alternatives": [],
    "current_deadline": None,
    "currently_due": [],
    "disabled_reason": None,
    "errors": [],
    "eventually_due": [],
    "past_due": [],
    "pending_verification": [],
}
PROFILE: Final[Json] = {
    "annual_revenue": None,
    "estimated_worker_count": None,
    "mcc": None,
    "minority_owned_business_designation": None,
    "name": None,
    "product_description": None,
    "support_address": None,
    "support_email": None,
    "support_phone": None,
    "support_url": None,
    "url": None,
}
DESCRIPTORS: Final = ("statement_descriptor_prefix_kana", "statement_descriptor_prefix_kanji")

SETTINGS: Final[Json] = {
    "bacs_debit_payments": {"display_name": None, "service_user_number": None},
    "branding": dict.fromkeys(("icon", "logo", "primary_color", "secondary_color")),
    "card_issuing": {"tos_acceptance": {"date": None, "ip": None}},
    "card_payments": {
        "decline_on": {"avs_failure": False, "cvc_failure": False},
        "statement_descriptor_prefix": None,
        **dict.fromkeys(DESCRIPTORS),
    },
    "dashboard": {"display_name": None, "timezone": "Etc/UTC"},
    "invoices": {"default_account_tax_ids": None, "hosted_payment_method_save": None},
    "payments": {
        "statement_descriptor": None,
        "statement_descriptor_kana": None,
        "statement_descriptor_kanji": None,
        **dict.fromkeys(DESCRIPTORS),
    },
    "payouts": {
        "debit_negative_balances": True,
        "schedule": {"delay_days": 2, "interval": "manual"},
        "statement_descriptor": None,
    },
    "sepa_debit_payments": {},
}

ACCOUNT: Final[Json] = {
    "object": "account",
    "business_profile": PROFILE,
    "business_type": None,
    "capabilities": {},
    "charges_enabled": False,
    "controller": {
        "fees": {"payer": "application_express"},
        "is_controller": True,
        "losses": {"payments": "application"},
        "requirement_collection": "stripe",
        "stripe_dashboard": {"type": "express"},
        "type": "application",
    },
    "country": "US",
    "default_currency": "usd",
    "details_submitted": False,
    "email": None,
    "future_requirements": NOTHING_DUE,
    "metadata": {},
    "payouts_enabled": False,
    "requirements": NOTHING_DUE,
    "settings": SETTINGS,
    "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
    "type": "express",
}

TRANSFER: Final[Json] = {
    "object": "transfer",
    "amount_reversed": 0,
    "balance_transaction": None,
    "description": None,
    "destination_payment": None,
    "livemode": False,
    "metadata": {},
    "reversed": False,
    "source_transaction": None,
    "source_type": "card",
    "transfer_group": None,
}

REVERSAL: Final[Json] = {
    "object": "transfer_reversal",
    "balance_transaction": None,
    "destination_payment_refund": None,
    "metadata": {},
    "source_refund": None,
}

PAYOUT: Final[Json] = {
    "object": "payout",
    "application_fee": None,
    "application_fee_amount": None,
    "automatic": False,
    "balance_transaction": None,
    "description": None,
    "destination": None,
    "failure_balance_transaction": None,
    "failure_code": None,
    "failure_message": None,
    "livemode": False,
    "metadata": {},
    "method": "standard",
    "original_payout": None,
    "payout_method": None,
    "reconciliation_status": "not_applicable",
    "reversed_by": None,
    "source_type": "card",
    "statement_descriptor": None,
    "status": "pending",
    "trace_id": None,
    "type": "bank_account",
}

EVIDENCE: Final[Json] = {
    **dict.fromkeys(
        [
            "access_activity_log",
            "billing_address",
            "cancellation_policy",
            "cancellation_policy_disclosure",
            "cancellation_rebuttal",
            "customer_communication",
            "customer_email_address",
            "customer_name",
            "customer_purchase_ip",
            "customer_signature",
            "duplicate_charge_documentation",
            "duplicate_charge_explanation",
            "duplicate_charge_id",
            "product_description",
            "receipt",
            "refund_policy",
            "refund_policy_disclosure",
            "refund_refusal_explanation",
            "service_date",
            "service_documentation",
            "shipping_address",
            "shipping_carrier",
            "shipping_date",
            "shipping_documentation",
            "shipping_tracking_number",
            "uncategorized_file",
            "uncategorized_text",
        ]
    ),
    "enhanced_evidence": {},
}

DISPUTE: Final[Json] = {
    "object": "dispute",
    "balance_transactions": [],
    "enhanced_eligibility_types": [],
    "evidence": EVIDENCE,
    "evidence_details": {
        "due_by": None,
        "enhanced_eligibility": {},
        "has_evidence": False,
        "past_due": False,
        "submission_count": 0,
    },
    "is_charge_refundable": False,
    "livemode": False,
    "metadata": {},
    "payment_intent": None,
    "payment_method_details": {
        "card": {"brand": "visa", "case_type": "chargeback", "network": "visa", "network_reason_code": "10.4"},
        "type": "card",
    },
    "reason": "fraudulent",
    "status": "needs_response",
}


def card_details(amount: int) -> Json:
    """How a charge was paid: by a card of tests."""
    return {
        "card": {
            "amount_authorized": amount,
            "authorization_code": None,
            "brand": "visa",
            "checks": dict(CARD_CHECKS),
            "country": "US",
            "exp_month": 8,
            "exp_year": 2035,
            "extended_authorization": {"status": "disabled"},
            "fingerprint": "SandboxFingerprt",
            "funding": "credit",
            "incremental_authorization": {"status": "unavailable"},
            "installments": None,
            "last4": "4242",
            "mandate": None,
            "multicapture": {"status": "unavailable"},
            "network": "visa",
            "network_token": {"used": False},
            "network_transaction_id": None,
            "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
            "regulated_status": "unregulated",
            "three_d_secure": None,
            "transaction_link_id": None,
            "wallet": None,
        },
        "type": "card",
    }


def outcome(decline: str | None) -> Json:
    """What the network said."""
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None if decline is None else "05",
        "network_status": "approved_by_network" if decline is None else "declined_by_network",
        "reason": decline,
        "seller_message": "Payment complete." if decline is None else "The bank did not accept the payment.",
        "type": "authorized" if decline is None else "issuer_declined",
    }


def customer(email: str | None) -> Json:
    """Who paid."""
    return {
        "address": dict(ADDRESS),
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": None,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }
