"""The confined child that opens what strangers sent. No Django, no network, bounded memory and time."""
