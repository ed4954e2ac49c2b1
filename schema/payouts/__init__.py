"""Where people are paid, and money on its way to them."""
