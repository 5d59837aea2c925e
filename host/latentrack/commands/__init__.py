"""The commands of `latentrack …`, one file each; cli.py puts them together."""
