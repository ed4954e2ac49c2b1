"""When work happens later: running promised jobs, sweeping for what was not heard, and the worker's process."""
