"""Payouts: where people are paid, and how money leaves."""
