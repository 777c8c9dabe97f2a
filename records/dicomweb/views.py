"""Addresses that answer GET and POST alike: what is there, and storing more of it."""

from __future__ import annotations

from records.dicomweb.retrieve import Originals
from records.dicomweb.search import StudySearch
from records.dicomweb.store import StoreMixin


class Studies(StudySearch, StoreMixin):
    """`/studies`: search, or store instances of any study."""


class Study(Originals, StoreMixin):
    """`/studies/<study>`: retrieve, or store instances of this study."""
