"""Files made of what somebody may see."""
