"""What is stored, every statement that is written by hand, and who may see which row."""
