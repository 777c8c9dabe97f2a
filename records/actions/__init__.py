"""Every write of records: one function for one intention."""
