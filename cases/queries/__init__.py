"""Every read of cases. Each starts from what this user may see."""

from cases.queries.access import grants_of, previewed_by, visible_to

__all__ = ["grants_of", "previewed_by", "visible_to"]
