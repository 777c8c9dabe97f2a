"""The images as plain pages: one picture, links and a form. Needs no script, no WebGL and little of a line."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from cases.views.base import CaseView
from portal.core.access import Permission
from portal.core.states import Role
from records.queries.looking import Choice, Picture, choices, picture

SIZES = {"small": (400, 45), "medium": (800, 70), "large": (1600, 85)}
"""Longest side in pixels, JPEG quality: about 12, 60 and 200 kB a picture."""


def windows() -> dict[str, tuple[str, str]]:
    """Brightness of CT, in Hounsfield units: (name, "center,width")."""
    return {
        "soft": (_("Soft tissue"), "40,400"),
        "lung": (_("Lung"), "-600,1500"),
        "bone": (_("Bone"), "400,2000"),
        "brain": (_("Brain"), "40,80"),
    }


class Plain(CaseView):
    """`/viewer/<ref>/plain/?series=UID&n=12&size=small&window=lung`: one picture of the case."""

    permission = Permission.VIEW_RECORDS

    def get(self, request: HttpRequest, ref: str) -> HttpResponse:
        found = choices(self.user, ref)
        asked = request.GET.get("series", "")
        study = request.GET.get("study", "").split(",")[0]
        chosen = next((one for one in found if one.series.uid == asked), None)
        if asked and chosen is None:
            raise Http404
        chosen = chosen or next((one for one in found if one.study.uid == study), None) or next(iter(found), None)
        number = request.GET.get("n", "")
        shown = picture(self.user, chosen, int(number) if _small(number) else None, ref=ref) if chosen else None
        size = request.GET.get("size", "small")
        context: dict[str, Any] = {
            "case": self.case,
            "choices": found,
            "chosen": chosen,
            "picture": shown,
            "size": size if size in SIZES else "small",
            "sizes": [("small", _("Small, for slow lines")), ("medium", _("Medium")), ("large", _("Large"))],
            "windows": windows() if chosen and chosen.series.modality == "CT" else {},
            "window": request.GET.get("window", ""),
            "notice": settings.PRODUCT["viewer_notice"],
            "patient": self.user.role == Role.PATIENT,
            "back_url": reverse("records:records", args=[ref]) if self.user.role == Role.PATIENT else "",
            "full_url": f"{reverse('viewer:page', args=[ref])}?study={chosen.study.uid}" if chosen else "",
        }
        if chosen and shown:
            self.shown(self.case.pk, subjects=[chosen.series.pk])
            context["steps"] = _steps(request, chosen, shown)
            context["image_url"] = _address(chosen, shown, context["size"], context["window"], ref)
        return render(request, "viewer/plain.html", context)


def _small(number: str) -> bool:
    return number.isdecimal() and len(number) < 7


def _address(chosen: Choice, shown: Picture, size: str, window: str, ref: str) -> str:
    side, quality = SIZES[size]
    place = {"study": chosen.study.uid, "series": chosen.series.uid, "instance": shown.instance, "frame": shown.frame}
    query = {"viewport": f"{side},{side}", "quality": str(quality)}
    if window in windows():
        query["window"] = f"{windows()[window][1]},linear"
    return f"{reverse('dicomweb:case:frame-rendered', kwargs={'ref': ref, **place})}?{urlencode(query, safe=',')}"


def _steps(request: HttpRequest, chosen: Choice, shown: Picture) -> list[tuple[str, str, str]]:
    """(words, address or "" at the end, key) of each step through the series."""
    query = {key: request.GET[key] for key in ("size", "window") if request.GET.get(key)}

    def to(number: int) -> str:
        wanted = min(max(number, 1), shown.count)
        if wanted == shown.number:
            return ""
        return "?" + urlencode({"series": chosen.series.uid, "n": wanted, **query})

    return [
        (_("First"), to(1), "f"),
        (_("10 back"), to(shown.number - 10), "b"),
        (_("Previous"), to(shown.number - 1), "p"),
        (_("Next"), to(shown.number + 1), "n"),
        (_("10 on"), to(shown.number + 10), "o"),
        (_("Last"), to(shown.count), "l"),
    ]
