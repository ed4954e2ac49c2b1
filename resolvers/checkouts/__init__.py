"""Pages to pay at: opened in three steps, followed until they end, and paid once."""
