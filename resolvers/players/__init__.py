"""What plays in people's players elsewhere: following it, asking, showing it in rooms, checking it, and linking it."""
