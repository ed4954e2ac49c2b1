"""What the people who run the platform see and do."""
