"""Money that came in: booked once, given back, disputed."""
