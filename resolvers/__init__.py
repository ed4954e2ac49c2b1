"""What the platform does: one function for each deed."""
