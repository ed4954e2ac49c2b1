"""The inbox of what outside systems send."""
