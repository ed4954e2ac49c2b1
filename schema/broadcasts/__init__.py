"""Live rooms, as clients see them."""
