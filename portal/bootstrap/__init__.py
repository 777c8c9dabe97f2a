"""The set-up of a checkout; `python3 portal/bootstrap` runs it, with the standard library alone."""
