"""Accounts that people have elsewhere: connecting them, acting with them, ending them."""
