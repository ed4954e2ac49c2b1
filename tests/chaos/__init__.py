"""What happens when processes are killed, and the outside world falls silent."""
