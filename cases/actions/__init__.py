"""Every write to a case: one function for one intention, all or nothing."""
