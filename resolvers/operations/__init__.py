"""What the people who run the platform do."""
