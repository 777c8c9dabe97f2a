"""Every read of records. Each starts from the cases that this user may see."""
