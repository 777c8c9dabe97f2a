"""tus 1.0.0: resumable uploads. Section numbers and status codes are of https://tus.io/protocols/resumable-upload."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.http.request import UnreadablePostError
from django.urls import reverse
from django.utils.http import http_date
from django.utils.translation import gettext as _

from cases.models import Grant
from cases.views.base import CaseView
from portal.core import storage
from portal.core.access import Permission
from portal.core.models import StoredObject
from portal.core.workflow import Refused
from records.actions import uploads, whole
from records.models import Upload
from records.queries.uploads import own_uploads, waiting
from records.rules import tus
from records.states import UploadState

OCTETS = "application/offset+octet-stream"
BUNDLE = "application/vnd.consilium.files"
BUNDLE_HEAD = 512 * 1024
BUNDLE_READ = 256 * 1024
STATUS = {"closed": 409, "case_full": 413, "too_many_files": 413, "store_full": 507, "received": 409}


def sentence(code: str) -> str:
    """What to tell the sender; every sentence says what to do next."""
    return {
        "sign_in": _(
            "You are signed out. Sign in again, then choose the same files: sending goes on where it stopped."
        ),
        "closed": _("This case takes no more files. Write us a message and we will help."),
        "case_full": _("This file does not fit: the case has reached its limit. Write us a message and we make room."),
        "too_many_files": _("This case has too many files. Write us a message and we will help."),
        "store_full": _(
            "We have no room for this file at the moment. What you sent before is safe. Try again tomorrow, or write to us."
        ),
        "form_files": _(
            "These are more than 100 files. Nothing was sent. Choose fewer at once, or pack them as a ZIP."
        ),
        "offset": _("Another window is sending this file too. It goes on from what is already here."),
        "link_ended": _("This link has ended. Ask the patient for a new one. What had arrived is safe."),
        "received": _("This file has arrived already. You can remove it in the list of records."),
        "gone": _("This upload has ended. Choose the file again."),
        "checksum": _("Some of the file changed on the way. We send that part again."),
    }.get(code, _("The upload did not work. Choose the file again."))


class TusView(CaseView):
    """What both addresses share: the version, the answer to strangers, errors as JSON."""

    abstract = True
    permission = Permission.UPLOAD_RECORDS

    # Who sends, and where: an account here, the holder of a link in records/views/sending.py.
    def mine(self) -> QuerySet[Upload]:
        return own_uploads(self.request.user, self.case)

    def sender(self) -> tuple[Any, Grant | None]:
        """The account that sends, or the grant of a link."""
        return self.request.user, None

    def promise(self, described: tus.Described, size: int) -> Upload:
        user, grant = self.sender()
        return uploads.create(case=self.case, described=described, size=size, by=user, grant=grant)

    def address(self, upload: Upload) -> str:
        return reverse("records:upload", args=[self.case.ref, upload.pk])

    def refuse_anonymous(self, request: HttpRequest) -> HttpResponseBase:
        return self.problem(401, "sign_in")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = super().dispatch(request, *args, **kwargs)
        except Http404:  # a program asks: words for a program, and the same whether it is another's or nobody's
            response = self.problem(404, "gone")
        response.headers["Tus-Resumable"] = tus.VERSION
        response.headers["Cache-Control"] = "no-store"
        return response

    def problem(self, status: int, code: str) -> HttpResponse:
        return JsonResponse({"error": code, "message": sentence(code)}, status=status)

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponse(
            status=204,
            headers={
                "Tus-Version": tus.VERSION,
                "Tus-Extension": ",".join(tus.EXTENSIONS),
                "Tus-Checksum-Algorithm": ",".join(tus.CHECKSUMS),
                "Tus-Max-Size": str(settings.MAX_CASE_BYTES),
            },
        )

    def spoken(self, request: HttpRequest, answer: Callable[[], HttpResponse]) -> HttpResponse:
        """Run `answer` if the client speaks this version; turn what tus refuses into its status."""
        if request.headers.get("Tus-Resumable") != tus.VERSION:
            response = self.problem(412, "version")
            response.headers["Tus-Version"] = tus.VERSION
            return response
        try:
            return answer()
        except tus.BadHeader as bad:
            return self.problem(400, bad.code)
        except uploads.Elsewhere:
            return self.problem(409, "offset")
        except Refused as refused:
            return self.problem(STATUS.get(refused.reason, 409), refused.reason if refused.reason in STATUS else "gone")

    def told(self, upload: Upload, status: int) -> HttpResponse:
        response = HttpResponse(status=status)
        response.headers["Upload-Offset"] = str(upload.offset)
        if upload.state == UploadState.RECEIVING:
            response.headers["Upload-Expires"] = http_date(upload.expires_at.timestamp())
        return response

    def receive(self, request: HttpRequest, upload: Upload) -> HttpResponse | None:
        """Take the request's body into `upload`; an answer only when something is wrong.

        Without a checksum each part counts as soon as it is sealed, so that a cut keeps what arrived. With one, the bytes
        count together or not at all (extension "checksum").
        """
        given = request.headers.get("Upload-Checksum")
        check = tus.checksum(given) if given else None
        if tus.count(request.headers.get("Content-Length", "0"), "length") > upload.size - upload.offset:
            return self.problem(413, "too_long")
        digest = hashlib.new(check[0], usedforsecurity=False) if check else None
        kept: list[StoredObject] = []
        for part in bites(request):
            if check is None:
                uploads.append(upload=upload, parts=[uploads.seal(upload, [part])], by=self.actor)
                continue
            digest.update(part)  # type: ignore[union-attr]
            kept.append(uploads.seal(upload, [part]))
        if check and digest:
            if digest.digest() != check[1]:
                uploads.discard(kept)
                return self.problem(460, "checksum")
            if kept:
                uploads.append(upload=upload, parts=kept, by=self.actor)
        return None


def bites(request: HttpRequest) -> Iterator[bytes]:
    """The body in pieces of at most one part. A connection that breaks ends it; what came before it counts."""
    piece = bytearray()
    broken = False
    while not broken:
        try:
            read = request.read(min(64 * 1024, uploads.PART_BYTES - len(piece)))
        except (UnreadablePostError, OSError):
            read, broken = b"", True
        if not read:
            break
        piece += read
        if len(piece) == uploads.PART_BYTES:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)


class Body:
    """The body of a bundle: a line, then the bytes of its files one after the other. A connection that breaks ends it."""

    def __init__(self, request: HttpRequest) -> None:
        self.request, self.held = request, b""

    def more(self, most: int) -> bytes:
        if self.held:
            piece, self.held = self.held[:most], self.held[most:]
            return piece
        try:
            return self.request.read(min(most, BUNDLE_READ))
        except (UnreadablePostError, OSError):
            return b""

    def line(self) -> bytes:
        """Raises BadHeader: it does not end."""
        found = b""
        while b"\n" not in found:
            piece = self.more(BUNDLE_READ)
            if not piece or len(found) > BUNDLE_HEAD:
                raise tus.BadHeader("bundle_unreadable")
            found += piece
        line, _, self.held = found.partition(b"\n")
        return line

    def exactly(self, size: int) -> Iterator[bytes]:
        while size and (piece := self.more(size)):
            size -= len(piece)
            yield piece


class Uploads(TusView):
    """POST makes an upload (extensions "creation", "creation-with-upload"); GET lists what can be continued."""

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        found = [
            {
                "url": self.address(upload),
                "name": upload.name,
                "folder": upload.folder,
                "size": upload.size,
                "offset": upload.offset,
                "fingerprint": upload.fingerprint,
                "batch": str(upload.batch),
            }
            for upload in waiting(self.mine())
        ]
        return JsonResponse({"unfinished": found})

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        many = request.content_type == BUNDLE
        return self.spoken(request, lambda: self.bundle(request) if many else self.create(request))

    def bundle(self, request: HttpRequest) -> HttpResponse:
        """Many small files in one request: one wait for the disk, one commit, one job. Each is an upload like any other.

        What is here already or does not fit is read past: its bytes are not sealed.
        """
        body = Body(request)
        listed = tus.bundle(body.line())
        user, grant = self.sender()
        told = whole.judge(case=self.case, listed=listed, user=user, grant=grant)
        if not storage.has_room(sum(size for (_, size), one in zip(listed, told, strict=True) if one is None)):
            raise Refused("store_full")
        sealing, came = storage.Batch(self.case.pk), list[tuple[tus.Described, int, StoredObject]]()
        try:
            for (described, size), one in zip(listed, told, strict=True):
                if one is not None:
                    arrived = sum(map(len, body.exactly(size)))
                else:
                    stored = sealing.seal(body.exactly(size), kind="original")
                    came.append((described, size, stored))
                    arrived = stored.size
                if arrived < size:
                    break
            sealing.settle()
        except BaseException:
            for _, _, stored in came:
                sealing.drop(stored)
            raise
        taken = iter(self.keep(came))
        answers = []
        for one in told:
            if (known := one or next(taken, None)) is None:
                break  # from here on nothing arrived whole
            answers.append(self.answer(known))
        return JsonResponse({"files": answers})

    def answer(self, one: whole.Taken) -> dict[str, Any]:
        if one.upload:
            return {"url": self.address(one.upload), "offset": one.upload.offset}
        return {"error": one.code, "message": sentence(one.code)}

    def keep(self, came: list[tuple[tus.Described, int, StoredObject]]) -> list[whole.Taken]:
        """Whole ones together; the one that was cut, if any, as an upload that can be continued."""
        user, grant = self.sender()
        files = [(described, stored) for described, size, stored in came if stored.size == size]
        try:
            taken = whole.take(case=self.case, files=files, user=user, grant=grant, by=self.actor)
        except Refused:  # only then is it certain that no row names them; what else dies here is left to the sweep
            uploads.discard(stored for _, _, stored in came)
            raise
        uploads.discard(stored for (_, stored), one in zip(files, taken, strict=True) if not one.kept)
        if len(files) < len(came):
            described, size, cut = came[-1]
            cut.kind = "part"
            if cut.size:
                uploads.take_whole(promise=lambda: self.promise(described, size), part=cut, by=self.actor)
            else:
                uploads.discard([cut])
        return taken

    def create(self, request: HttpRequest) -> HttpResponse:
        described = tus.described(request.headers.get("Upload-Metadata", ""))
        size = tus.count(request.headers.get("Upload-Length"), "length_missing")
        sends = request.content_type == OCTETS and size > 0
        if sends and size <= uploads.PART_BYTES and "Upload-Checksum" not in request.headers:
            if tus.count(request.headers.get("Content-Length", "0"), "length") > size:
                return self.problem(413, "too_long")
            return self.made(self.at_once(request, described, size))
        upload = self.promise(described, size)
        if sends and not upload.offset:
            wrong = self.receive(request, upload)
            if wrong is not None:
                return wrong
        return self.made(upload)

    def at_once(self, request: HttpRequest, described: tus.Described, size: int) -> Upload:
        """A file of one part that comes with its creation, as most of a disc do."""
        piece = b"".join(bites(request))
        if not piece:
            return self.promise(described, size)
        part = uploads.seal_for(self.case.pk, [piece])
        return uploads.take_whole(promise=lambda: self.promise(described, size), part=part, by=self.actor)

    def made(self, upload: Upload) -> HttpResponse:
        response = self.told(upload, 201)
        response.headers["Location"] = self.address(upload)
        return response


class OneUpload(TusView):
    """HEAD says how much is here, PATCH adds to it, DELETE ends it (extension "termination")."""

    def load(self) -> None:
        super().load()
        self.find()

    def find(self) -> None:
        found = self.mine().filter(pk=self.kwargs["upload"]).first()
        if found is None:
            raise Http404
        self.upload = found

    def head(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        return self.spoken(request, self.tell)

    def tell(self) -> HttpResponse:
        if self.upload.state not in (UploadState.RECEIVING, UploadState.RECEIVED):
            return self.problem(410, "gone")
        response = self.told(self.upload, 200)
        response.headers["Upload-Length"] = str(self.upload.size)
        return response

    def patch(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        return self.spoken(request, lambda: self.add(request))

    def add(self, request: HttpRequest) -> HttpResponse:
        if request.content_type != OCTETS:
            return self.problem(415, "content_type")
        offset = tus.count(request.headers.get("Upload-Offset"), "offset_missing")
        if self.upload.state in (UploadState.REMOVED, UploadState.REJECTED):
            return self.problem(410, "gone")
        if offset != self.upload.offset:
            return self.problem(409, "offset")
        return self.receive(request, self.upload) or self.told(self.upload, 204)

    def delete(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        return self.spoken(request, self.end)

    def end(self) -> HttpResponse:
        uploads.cancel(upload=self.upload, by=self.actor)
        return HttpResponse(status=204)
