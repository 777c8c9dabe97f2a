"""STOW-RS (PS3.18 section 10.5): a hospital's system pushes images into one case.

What arrives is sealed as it comes and goes the way of every upload: scanned, read in the confined child, compared with the case's
person. Many plain images are read while they arrive (records.at_once), the rest later. So the answer is 202: accepted for
processing, perhaps not yet shown. Whether a study can be seen is what QIDO-RS says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from email.message import Message
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from cases.models import Case
from portal.accounts.queries import token_works
from portal.core import storage
from portal.core.access import Permission
from portal.core.bodies import Fill, body_of
from portal.core.models import StoredObject
from portal.core.workflow import Refused
from records import at_once
from records.actions import pushed
from records.dicom import peek
from records.dicomweb.base import DICOM_JSON, DicomwebView, Problem
from records.dicomweb.multipart import Malformed, Reader
from records.dicomweb.negotiate import Offer
from records.queries.uploads import named_case

MAX_PARTS = 2000
PROCESSING_FAILURE, OUT_OF_RESOURCES, NOT_UNDERSTOOD, OTHER_STUDY = 0x0110, 0xA700, 0xC000, 0xA900
"""Failure reasons of PS3.18 table I.2-2."""


@dataclass
class Taken:
    """One part of the request: what its header says it is, its sealed bytes, and why it was not taken."""

    head: peek.Head
    stored: StoredObject | None
    failure: int = 0
    beginning: bytes = b""


class StoreMixin(DicomwebView):
    """`POST /studies` and `POST /studies/<study>`, below a case or with a token that is bound to one."""

    abstract = True
    stores = True

    def case(self) -> Case:
        """Raises Problem 400 when no case is named, Http404 when this caller does not see it."""
        if self.ref is None and self.bound is None:
            raise Problem(
                400, "Say for which case: /dicomweb/cases/<reference>/studies, or use a token that is bound to one."
            )
        case = named_case(self.user, **self.scope)
        if case is None:
            raise Http404
        return case

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        case = self.case()
        media_type = self.negotiate([Offer(DICOM_JSON), Offer("application/json")]).media_type
        boundary = self._boundary(request.headers.get("Content-Type", ""))
        if self.user.role not in (Permission.UPLOAD_RECORDS.roles or ()):
            raise PermissionDenied
        self.shown(case.pk)
        try:
            room, full = pushed.room(case=case)
        except Refused as refused:
            raise _too_much(refused.reason) from None
        at_once.prepare()
        taken = self._take(case, _bounded(request, room, full), boundary, kwargs.get("study"))
        if not taken:
            raise Problem(400, "The request holds no instance.")
        self._drop([one for one in taken if one.failure])
        kept = [one for one in taken if one.stored is not None and not one.failure]
        if kept and not self._still_open():
            self._drop(kept)
            raise Problem(401, "What opened this case was taken back while the body arrived. Nothing of it is kept.")
        if kept:
            self._keep(case, kept)
        failed = [one for one in taken if one.failure]
        body = self._answer([one for one in taken if not one.failure], failed, kwargs.get("study"))
        return HttpResponse(json.dumps(body), status=409 if len(failed) == len(taken) else 202, content_type=media_type)

    def _still_open(self) -> bool:
        """A push may take an hour."""
        token = self.token is None or token_works(self.token.pk)
        return token and named_case(self.user, **self.scope) is not None

    def _keep(self, case: Case, kept: list[Taken]) -> None:
        """Make sealed bytes safe on the disk and write their rows; meanwhile a child looks at what they are."""
        look = at_once.Look(case.pk, self.actor, [(one.stored, one.beginning) for one in kept if one.stored])
        with closing(look):
            self.batch.settle()
            seen = look.seen()
        objects = [(_name(one), one.stored) for one in kept if one.stored]
        try:
            pushed.receive(case=case, objects=objects, by=self.actor, seen=seen)
        except Refused:
            self._drop(kept)
            for one in kept:
                one.failure = OUT_OF_RESOURCES

    @staticmethod
    def _boundary(header: str) -> str:
        """Raises Problem 415: not multipart/related with application/dicom inside."""
        message = Message()
        message["Content-Type"] = header
        inside = str(message.get_param("type") or "application/dicom").lower()
        boundary = message.get_param("boundary")
        if message.get_content_type() != "multipart/related" or inside != "application/dicom" or not boundary:
            raise Problem(415, 'Send multipart/related; type="application/dicom"; boundary=…')
        return str(boundary)

    def _take(self, case: Case, read: Fill, boundary: str, study: str | None) -> list[Taken]:
        """Seal every part as it arrives. Raises Problem 400 when the body is cut or malformed; then nothing of it is kept."""
        taken: list[Taken] = []
        self.batch, self.held = storage.Batch(case.pk), 0
        try:
            for headers, body in Reader(read, boundary).parts():
                if len(taken) >= MAX_PARTS:
                    raise Problem(413, f"At most {MAX_PARTS} instances in one request.")
                kind = headers.get("content-type", "application/dicom").partition(";")[0].strip().lower()
                taken.append(self._one(kind, body, study))
        except BaseException as problem:  # a line that is cut shows as an error of the web server's
            self._drop(taken)
            if not isinstance(problem, Malformed):
                raise
            raise Problem(400, "The body is not the multipart that its header announces, or it was cut.") from None
        return taken

    def _one(self, kind: str, body: Iterator[memoryview], study: str | None) -> Taken:
        if kind != "application/dicom":
            return Taken(peek.Head(), None, NOT_UNDERSTOOD)
        peeked = peek.Peek()
        stored = self.batch.seal(peeked.through(body), kind="original")
        head = peeked.head()
        if not head.sop_instance or stored.size == 0:
            return Taken(head, stored, NOT_UNDERSTOOD)
        if study is not None and head.study and head.study != study:
            return Taken(head, stored, OTHER_STUDY)
        beginning = peeked.beginning() if at_once.takes_more(self.held) else b""
        self.held += len(beginning)
        return Taken(head, stored, beginning=beginning)

    def _drop(self, taken: list[Taken]) -> None:
        """Sealed bytes that no row names."""
        for one in taken:
            if one.stored is not None:
                self.batch.drop(one.stored)

    def _answer(self, kept: list[Taken], failed: list[Taken], study: str | None) -> dict[str, Any]:
        """PS3.18 section I.2: what was accepted, and why the rest was not."""
        base = self.absolute
        found: dict[str, Any] = {}
        studies = {one.head.study for one in kept if one.head.study} or ({study} if study and kept else set())
        if len(studies) == 1:
            found["00081190"] = {"vr": "UR", "Value": [f"{base}/studies/{studies.pop()}"]}
        if failed:
            items = [{**_reference(one.head), "00081197": {"vr": "US", "Value": [one.failure]}} for one in failed]
            found["00081198"] = {"vr": "SQ", "Value": items}
        if kept:
            items = []
            for one in kept:
                item: dict[str, Any] = _reference(one.head)
                if one.head.study and one.head.series:
                    address = (
                        f"{base}/studies/{one.head.study}/series/{one.head.series}/instances/{one.head.sop_instance}"
                    )
                    item["00081190"] = {"vr": "UR", "Value": [address]}
                items.append(item)
            found["00081199"] = {"vr": "SQ", "Value": items}
        return found


_WHY = {
    "closed": "This case takes no files now.",
    "case_full": "The case is full.",
    "too_many_files": "The case holds too many files.",
    "store_full": "There is no room for this at the moment. Send it again later.",
}


def _too_much(reason: str) -> Problem:
    return Problem({"closed": 409, "store_full": 507}.get(reason, 413), _WHY[reason])


def _bounded(request: HttpRequest, room: int, full: str) -> Fill:
    """Reads the body, chunked or with its length, and no more of it than there is room for. Raises Problem with what is `full` then."""
    source = body_of(request)
    left = room + 64 * 1024

    def fill(view: memoryview) -> int:
        nonlocal left
        count = source(view)
        left -= count
        if left < 0:
            raise _too_much(full)
        return count

    return fill


def _reference(head: peek.Head) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if head.sop_class:
        found["00081150"] = {"vr": "UI", "Value": [head.sop_class]}
    if head.sop_instance:
        found["00081155"] = {"vr": "UI", "Value": [head.sop_instance]}
    return found


def _name(one: Taken) -> str:
    return f"{one.head.sop_instance}.dcm"
