"""Django's checks of a new password, which say in our words what to do. The checks themselves are Django's own."""

from __future__ import annotations

from django.contrib.auth import password_validation as django
from django.utils.translation import gettext as _


class LongEnough(django.MinimumLengthValidator):
    def get_error_message(self) -> str:
        return _("This password is too short. Use at least %(number)d letters, numbers or signs") % {
            "number": self.min_length
        }


class UnlikeTheOwner(django.UserAttributeSimilarityValidator):
    def get_error_message(self) -> str:
        return _("This password is too much like your name or your e-mail address. Choose another one")


class Uncommon(django.CommonPasswordValidator):
    def get_error_message(self) -> str:
        return _("Many people use this password, so it is easy to guess. Choose another one")
