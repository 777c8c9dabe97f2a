"""A person's own key images and measurements on a study, as DICOM files to take along."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from records.dicom.notes import pixel_points, uid_for
from records.models import Study
from records.queries import notes
from records.viewer.views import State

log = structlog.get_logger(__name__)
PATIENCE_SECONDS = 100
TITLES = {"key-images": "Key images", "measurements": "Measurements"}


class Notes(State):
    """`?revision=N` for an older state. Measurements on planes that the viewer cut itself have no image to refer to and stay out."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        study = self.study()
        asked = request.GET.get("revision", "")
        found = notes.state_of(self.user, study, int(asked) if asked.isdecimal() and len(asked) < 10 else None)
        if found is None and asked:
            raise Http404
        rows = _rows(study, found[2], kwargs["kind"]) if found else []
        if found is None or not rows:
            return JsonResponse({"error": _("Nothing of this kind is saved on this study yet.")}, status=409)
        held, revision, _state = found
        order = {
            "kind": kwargs["kind"],
            "title": TITLES[kwargs["kind"]],
            "person": _person_name(self.user.get_full_name()),
            "number": revision,
            "modality": rows[0]["modality"],
            "uids": {
                "series": uid_for(settings.SECRET_KEY, held.pk, kwargs["kind"]),
                "instance": uid_for(settings.SECRET_KEY, held.pk, kwargs["kind"], revision),
            },
            "rows": [{name: value for name, value in row.items() if name != "metadata"} for row in rows],
            "evidence": {row["instance"]: row["metadata"] for row in rows},
        }
        done = subprocess.run(
            [sys.executable, "-m", "records.dicom.notes"],
            input=json.dumps(order).encode(),
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            cwd=Path(__file__).parents[2],
            check=False,
        )
        if done.returncode:
            log.error("notes_not_written", study=str(study.pk), kind=kwargs["kind"])
            return JsonResponse({"error": _("The file could not be made. Try again, or write to us.")}, status=500)
        self.shown(study.case_id, subjects=[study.pk])
        response = HttpResponse(done.stdout, content_type="application/dicom")
        response["Content-Disposition"] = f'attachment; filename="{kwargs["kind"]}-{revision}.dcm"'
        return response


def _rows(study: Study, state: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Rows that name an image of this study, with its header, its count of frames, and their points in its pixels."""
    held = state.get("keyImages" if kind == "key-images" else "measurements")
    wanted = [row for row in held or [] if isinstance(row, dict) and row.get("instance")]
    images = notes.images_of(study, wanted)
    found = []
    for row in wanted:
        image = images.get(str(row["instance"]))
        frame = row.get("frame")
        if image is None or not isinstance(frame, int) or not 1 <= frame <= image.frames:
            continue
        more = {"metadata": image.metadata, "count": image.frames, "modality": image.series.modality}
        if kind == "measurements":
            if row.get("tool") not in notes.COUNTED or not isinstance(row.get("points"), list):
                continue
            more["pixels"] = pixel_points(image.metadata, frame, row["points"])
        found.append({**row, **more})
    return found


def _person_name(name: str) -> str:
    """ "Dr Ada Sample" as DICOM writes names (PS3.5 section 6.2.1): family name first. An e-mail address stays as it is."""
    words = name.split()
    return f"{words[-1]}^{' '.join(words[:-1])}" if len(words) > 1 else name
