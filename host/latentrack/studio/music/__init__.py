"""The corpus: what was dropped onto the page, by which rules it is read, what it gave."""
