"""The demo: who is in it, and what keeps them moving. Nothing here runs outside of BACKLINE_DEMO=1."""
