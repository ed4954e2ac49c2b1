"""Tips: sent, and settled when the money is there."""
