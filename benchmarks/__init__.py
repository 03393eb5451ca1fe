"""``python -m benchmarks``: speed as a ratio against bare Temporal, on the same server in the same run."""
