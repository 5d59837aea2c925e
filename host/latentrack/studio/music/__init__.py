"""The corpus in the studio: dropped music, the rules for reading it, and the resulting dataset."""
