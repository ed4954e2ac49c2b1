"""What DJs played, and how it comes here."""
