"""Administration of the catalogue: look, upload, compare, publish, download. No screen here shows a person's data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from portal.catalogue import actions, archive, queries
from portal.catalogue.forms import UploadForm
from portal.catalogue.loader import to_texts
from portal.catalogue.models import CatalogueVersion
from portal.catalogue.reading import CatalogueError, Problem
from portal.core.access import BaseView, Permission

SHOWN_PROBLEMS = 200


class Versions(BaseView):
    """Every version, newest first."""

    permission = Permission.MANAGE_CATALOGUE

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "catalogue/list.html", {"versions": queries.visible_to(request.user)})


class Upload(BaseView):
    """A new version from a ZIP; nothing is stored while anything in it is wrong."""

    permission = Permission.MANAGE_CATALOGUE

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(request, UploadForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = UploadForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.page(request, form)
        data = form.cleaned_data
        try:
            version = actions.upload(archive_file=data["archive"], note=data["note"], by=self.actor)
        except CatalogueError as error:
            form.add_error("archive", _("This edition cannot be used yet. See what to change below."))
            return self.page(request, form, error.problems)
        except actions.NotNew as same:
            form.add_error("archive", _("This is exactly version %(number)s.") % {"number": same.version.number})
            return self.page(request, form)
        messages.success(request, _("Version %(number)s is stored. Compare it, then publish it.") % vars(version))
        return redirect("catalogue:version", pk=version.pk)

    def page(self, request: HttpRequest, form: UploadForm, problems: Sequence[Problem] = ()) -> HttpResponse:
        context = {
            "form": form,
            "problems": problems[:SHOWN_PROBLEMS],
            "problem_count": len(problems),
            "problems_hidden": max(len(problems) - SHOWN_PROBLEMS, 0),
        }
        return render(request, "catalogue/upload.html", context, status=422 if form.errors else 200)


class VersionView(BaseView):
    """Base of the views of one version."""

    abstract: ClassVar[bool] = True
    version: CatalogueVersion

    def load(self) -> None:
        found = queries.visible_to(self.request.user).filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Http404
        self.version = found


class Version(VersionView):
    """What a version holds and what publishing it would change."""

    permission = Permission.MANAGE_CATALOGUE

    def get(self, request: HttpRequest, pk: Any) -> HttpResponse:
        context = {
            "version": self.version,
            "summary": queries.summary(self.version),
            "unreviewed": queries.edition(self.version.pk).unreviewed(),
            "files": queries.what_changes(self.version),
        }
        return render(request, "catalogue/version.html", context)


class Publish(VersionView):
    permission = Permission.MANAGE_CATALOGUE

    def post(self, request: HttpRequest, pk: Any) -> HttpResponse:
        actions.publish(version=self.version, by=self.actor)
        messages.success(
            request,
            _("New cases now start with version %(number)s. Open cases keep the version they have.")
            % {"number": self.version.number},
        )
        return redirect("catalogue:list")


class Download(VersionView):
    """The version as a ZIP of YAML files, to change and upload again."""

    permission = Permission.MANAGE_CATALOGUE

    def get(self, request: HttpRequest, pk: Any) -> HttpResponse:
        blob = archive.write(to_texts(queries.content(self.version.pk)))
        response = HttpResponse(blob, content_type="application/zip")
        response.headers["Content-Disposition"] = f'attachment; filename="catalogue-{self.version.number}.zip"'
        return response
