"""Every read of the specialists' app. Each starts from what this user may see."""

from specialists.queries.access import visible_to

__all__ = ["visible_to"]
