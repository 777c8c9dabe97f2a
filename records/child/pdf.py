"""A PDF in the child: pages as pictures, text layer, what it would do by itself, and a copy without that."""

from __future__ import annotations

import io
import logging
import re
import signal
from contextlib import suppress
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from records.dicom.metadata import clean

from .job import Job, Outcome, Refused

DPI = 110
MAX_FILE = 256 * 1024 * 1024
MAX_OBJECTS = 200_000
_FLAGS = {
    "/JavaScript": "pdf_javascript", "/Rendition": "pdf_javascript", "/Launch": "pdf_launch", "/SubmitForm": "pdf_submit",
    "/ImportData": "pdf_submit", "/GoToR": "pdf_remote", "/GoToE": "pdf_remote",
}  # fmt: skip

_HIDDEN = re.compile(rb"[^\x1b\t-\r -~]|<")
"""In front of the header: what makes the file something else as well. Lines of a printer or of the program that wrote it do not."""

logging.getLogger("pikepdf").setLevel(logging.CRITICAL)


def handle(job: Job) -> Outcome:
    start = job.head.find(b"%PDF-")
    if _HIDDEN.search(job.head[:start].removeprefix(b"\xef\xbb\xbf")):
        raise Refused("pdf_header_not_first")
    content = job.read_all(MAX_FILE)[start:]
    outcome = Outcome("pdf", "application/pdf")
    if job.password:
        return _unlocked(job, content)
    document = _open(content, None)
    try:
        flags, view_copy, attachments = _inspect(job, content)
        outcome.flags += flags
        count = len(document)
        if count < 1:
            raise Refused("pdf_damaged")
        if count > 10_000:
            raise Refused("pdf_too_many_pages")
        if document.get_formtype() != pdfium_c.FORMTYPE_NONE:
            with suppress(pdfium.PdfiumError):
                document.init_forms()
        pages = [page_of(job, document, number, outcome) for number in range(min(count, job.limits.pages))]
        if count > len(pages):
            outcome.flags.append("pdf_pages_not_shown")
        outcome.data = {
            "page_count": count,
            "pages": pages,
            "title": _title(document),
            "view_copy": view_copy,
            "thumbnail": thumbnail(job, pages),
            "attachments": attachments,
        }
    finally:
        document.close()
    return outcome


def _open(content: bytes, password: str | None) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(content, password=password)
    except pdfium.PdfiumError:
        if pdfium_c.FPDF_GetLastError() == pdfium_c.FPDF_ERR_PASSWORD:
            raise Refused("pdf_password_wrong" if password else "pdf_password", status="needs_password") from None
        raise Refused("pdf_damaged") from None


def _unlocked(job: Job, content: bytes) -> Outcome:
    """The same paper without its lock, as a file of its own: the locked original stays, and what is made later needs no password."""
    import pikepdf

    for password in dict.fromkeys([job.password or "", _old_letters(job.password or "")]):
        try:
            with pikepdf.open(io.BytesIO(content), password=password, suppress_warnings=True) as document:
                path = job.output("m00001")
                document.save(path, encryption=False)
        except pikepdf.PasswordError:
            continue
        except (pikepdf.PdfError, ValueError, RecursionError):
            raise Refused("pdf_damaged") from None
        members = [{"name": "unlocked.pdf", "size": path.stat().st_size, "file": path.name}]
        return Outcome("pdf", "application/pdf", "container", "unlocked", data={"members": members, "left_out": []})
    raise Refused("pdf_password_wrong", status="needs_password")


def _old_letters(password: str) -> str:
    """Encryption before PDF 2.0 knows the letters of western Europe only (PDFDocEncoding)."""
    return password.encode("latin-1", "ignore").decode("latin-1")


def _title(document: pdfium.PdfDocument) -> str:
    try:
        return clean(str(document.get_metadata_value("Title")))[:200].strip()
    except (pdfium.PdfiumError, UnicodeDecodeError):
        return ""


def page_of(job: Job, document: pdfium.PdfDocument, number: int, outcome: Outcome) -> dict[str, Any]:
    """Picture and text of page `number` (from 0). A page that cannot be read ends the file: half a letter misleads."""
    try:
        page = document[number]
        if document.formenv is not None:
            with suppress(pdfium.PdfiumError):
                page.flatten()  # what was filled into a form is not on the page else, neither as a picture nor as words
            page.close()
            page = document[number]
    except pdfium.PdfiumError:
        raise Refused("pdf_damaged") from None
    try:
        width, height = page.get_size()
        if not (0 < width < 1e9 and 0 < height < 1e9):
            raise Refused("pdf_damaged")
        scale = DPI / 72
        allowed = (job.limits.page_pixels / (width * height)) ** 0.5
        longest = 10_000 / max(width, height)
        if scale > min(allowed, longest):
            scale = min(allowed, longest)
            outcome.flags.append("pdf_page_shrunk")
        # The decoder listens to nobody while it draws: the process ends by this signal, which the parent knows.
        signal.setitimer(signal.ITIMER_PROF, job.limits.page_seconds)
        try:
            image = page.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        name = f"p{number + 1:05d}.jpg"
        path = job.output(name)
        image.save(path, "JPEG", quality=85, optimize=False)
        text = ""
        with suppress(pdfium.PdfiumError):
            layer = page.get_textpage()
            text = layer.get_text_range()
            layer.close()
        if len(text) > job.limits.text:
            text = text[: job.limits.text]
            outcome.flags.append("text_shortened")
        return {"image": path.name, "width": image.width, "height": image.height, "text": clean(text, lines=True)}
    finally:
        page.close()


def thumbnail(job: Job, pages: list[dict[str, Any]]) -> str | None:
    from PIL import Image

    if not pages or not job.thumbnail:
        return None
    with Image.open(job.work / pages[0]["image"]) as image:
        image.thumbnail((256, 256))
        out = io.BytesIO()
        image.save(out, "JPEG", quality=80)
    return job.save("thumb.jpg", out.getvalue())


def _inspect(job: Job, content: bytes) -> tuple[list[str], str | None, list[dict[str, Any]]]:
    """Actions that run code, leave the document or start by themselves; a copy without them when there are any; attached files."""
    import pikepdf

    from . import attached

    try:
        with pikepdf.open(io.BytesIO(content), password=job.password or "", suppress_warnings=True) as document:
            flags: set[str] = set()
            specs: list[Any] = []
            for place, entry in enumerate(document.objects):
                if place > MAX_OBJECTS:
                    raise Refused("pdf_damaged")
                _strip(entry, flags, 0, specs)
            attachments, whole = attached.save(job, specs)
            if not whole:
                flags.add("pdf_attachments")
            for spec in specs:
                del spec["/EF"]
            holders: list[Any] = [document.Root, document.Root.get("/Names", {})]
            for holder in holders:
                for name in ("/JavaScript", "/EmbeddedFiles"):
                    if name in holder:
                        flags |= {"pdf_javascript"} if name == "/JavaScript" else set()
                        del holder[name]
            if not flags and not specs:
                return [], None, []
            path = job.output("view.pdf")
            document.save(path, encryption=False)
            return sorted(flags), path.name, attachments
    except (pikepdf.PdfError, ValueError, RecursionError):
        raise Refused("pdf_damaged") from None


def _strip(entry: Any, flags: set[str], depth: int, specs: list[Any]) -> None:
    """Take dangerous actions out of one object, direct children included (PDF 32000-1, 12.6), and note where files are attached."""
    import pikepdf

    if depth > 20 or not isinstance(entry, (pikepdf.Dictionary, pikepdf.Stream, pikepdf.Array)):
        return
    if isinstance(entry, pikepdf.Array):
        for child in entry:
            if not getattr(child, "is_indirect", False):
                _strip(child, flags, depth + 1, specs)
        return
    _disarm(entry, flags)
    if isinstance(entry.get("/EF"), pikepdf.Dictionary):
        specs.append(entry)
    for name in list(entry.keys()):
        child = entry[name]
        if not getattr(child, "is_indirect", False):
            _strip(child, flags, depth + 1, specs)


def _disarm(entry: Any, flags: set[str]) -> None:
    import pikepdf

    for name in ("/AA", "/OpenAction"):
        if isinstance(entry.get(name), pikepdf.Dictionary):
            flags.add("pdf_automatic_action")
            _note(entry[name], flags, 0)
            del entry[name]
    found = _FLAGS.get(str(entry.get("/S", ""))) if isinstance(entry.get("/S"), pikepdf.Name) else None
    if found or "/JS" in entry:
        flags.add(found or "pdf_javascript")
        for name in ("/JS", "/F", "/Next", "/Win", "/Mac", "/Unix"):
            if name in entry:
                del entry[name]
        entry["/S"] = pikepdf.Name("/Named")


def _note(action: Any, flags: set[str], depth: int) -> None:
    """Name what an automatic action would have done, before it is removed."""
    import pikepdf

    if depth > 5 or not isinstance(action, pikepdf.Dictionary):
        return
    found = _FLAGS.get(str(action.get("/S", "")))
    if found:
        flags.add(found)
    for name in list(action.keys()):
        _note(action[name], flags, depth + 1)
