"""Addresses where anybody may pay, and how what is paid is split."""
