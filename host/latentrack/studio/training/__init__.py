"""Training in a process of its own, the runs it leaves, and their reports."""
