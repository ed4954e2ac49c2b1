"""Comparing the vendors' journals with ours."""
