"""What patients type in, checked."""
