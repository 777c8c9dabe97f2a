"""Every write of the specialists' app: one function for one intention, all or nothing."""
