"""Forms of the catalogue's administration."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.catalogue.archive import MAX_ARCHIVE_BYTES
from portal.forms import BaseForm


class UploadForm(BaseForm):
    """A whole edition as a ZIP; what is wrong inside it is said by file and key."""

    archive = forms.FileField(
        label=_("ZIP file with the whole edition"),
        help_text=_("Download the current edition, change its YAML files, and upload all of them again. At most 2 MB."),
        widget=forms.FileInput(attrs={"accept": ".zip,application/zip"}),
        error_messages={"required": _("Choose a ZIP file"), "empty": _("This file is empty. Choose another one")},
    )
    note = forms.CharField(
        label=_("What is new?"),
        help_text=_("One line for your colleagues, such as “GOLD 2027 checked and signed off by Dr Ada Sample”."),
        max_length=200,
        error_messages={"required": _("Say in one line what is new")},
    )

    def clean_archive(self) -> Any:
        archive = self.cleaned_data["archive"]
        if archive.size > MAX_ARCHIVE_BYTES:
            raise forms.ValidationError(_("This file is larger than 2 MB. A catalogue is a few hundred kB of text."))
        return archive
