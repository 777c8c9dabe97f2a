"""HTTP in and out of records."""
