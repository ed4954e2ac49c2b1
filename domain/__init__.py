"""The words and laws of the platform, in pure Python."""
