"""The set-up of a checkout; `python3 -m bootstrap` runs it, with the standard library alone."""
