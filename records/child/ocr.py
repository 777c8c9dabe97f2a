"""Words on the pictures of pages, by Tesseract where it is installed (Debian's tesseract-ocr). It runs as a child of this confined
child: no network, the same memory limit, one thread, a time limit for each page."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from PIL import Image, ImageOps, ImageSequence

from records.dicom.metadata import clean

from .job import Job, Outcome, Refused

DPI = 200
SIDE = 2_600
"""Longest side of the picture that is read, pixels."""
PAGE_SECONDS = 60
SURE, MEAN, WORDS = 30.0, 45.0, 3
"""Confidence (0 to 100) below which a word is left out, and mean confidence and number of words below which a page counts as unread."""
PATH = "/usr/local/bin:/usr/bin:/bin"
_ENVIRONMENT = {"OMP_THREAD_LIMIT": "1", "LANG": "C.UTF-8", "PATH": PATH}


def handle(job: Job, kind: str, media_type: str, *, first: int, last: int, languages: str) -> Outcome:
    """`data.read` = [[page, text], …]; flag `words_unavailable` where nothing is installed that reads."""
    outcome = Outcome(kind, media_type)
    program = shutil.which("tesseract", path=PATH)
    known = _languages(program) if program else set()
    if not program or not known - {"osd"}:
        outcome.flags.append("words_unavailable")
        outcome.data = {"read": []}
        return outcome
    wanted = [one for one in languages.split("+") if one in known] or (
        ["eng"] if "eng" in known else sorted(known - {"osd"})[:1]
    )
    layout = "1" if "osd" in known else "3"
    read = []
    for number, picture in _pictures(job, kind, media_type, first, last):
        text = _text(job, program, picture, "+".join(wanted), layout)
        read.append([number, clean(text[: job.limits.text], lines=True)])
    outcome.data = {"read": read}
    return outcome


def _languages(program: str) -> set[str]:
    with suppress(OSError, subprocess.SubprocessError):
        listed = subprocess.run(
            [program, "--list-langs"],
            capture_output=True,
            timeout=20,
            env=_ENVIRONMENT,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return set(listed.stdout.decode("utf-8", "replace").split("\n")[1:]) - {""}
    return set()


def _pictures(job: Job, kind: str, media_type: str, first: int, last: int) -> Iterator[tuple[int, Image.Image]]:
    if kind == "pdf":
        yield from _of_pdf(job, first, last)
    elif kind == "image":
        yield from _of_image(job, media_type, first, last)
    else:
        raise Refused("type_unsupported")


def _of_pdf(job: Job, first: int, last: int) -> Iterator[tuple[int, Image.Image]]:
    import pypdfium2 as pdfium

    from .pdf import MAX_FILE

    try:
        document = pdfium.PdfDocument(job.read_all(MAX_FILE), password=job.password)
    except pdfium.PdfiumError:
        raise Refused("pdf_damaged") from None
    try:
        for number in range(first, min(last, len(document)) + 1):
            page = document[number - 1]
            width, height = page.get_size()
            if not (0 < width < 1e9 and 0 < height < 1e9):
                continue
            scale = min(DPI / 72, SIDE / max(width, height))
            yield number, page.render(scale=scale, grayscale=True, may_draw_forms=False).to_pil().convert("L")
            page.close()
    finally:
        document.close()


def _of_image(job: Job, media_type: str, first: int, last: int) -> Iterator[tuple[int, Image.Image]]:
    from .image import opened

    with opened(job, media_type) as image:
        for number, page in enumerate(ImageSequence.Iterator(image), 1):
            if first <= number <= last and page.width * page.height <= job.limits.image_pixels:
                yield number, _grey(page)


def _grey(page: Image.Image) -> Image.Image:
    """Upright, on white, of a size that can be read: small pictures are enlarged, since letters of 10 pixels are not read."""
    upright = ImageOps.exif_transpose(page)
    if upright.mode in ("RGBA", "LA", "PA", "P"):
        rgba = upright.convert("RGBA")
        paper = Image.new("RGB", rgba.size, "white")
        paper.paste(rgba, mask=rgba.getchannel("A"))
        upright = paper
    grey = upright.convert("L")
    longest = max(grey.size)
    factor = SIDE / longest if longest > SIDE else 2.0 if longest < SIDE / 2 else 1.0
    if factor != 1.0:
        size = (max(1, round(grey.width * factor)), max(1, round(grey.height * factor)))
        grey = grey.resize(size, Image.Resampling.LANCZOS)
    return grey


def _text(job: Job, program: str, picture: Image.Image, languages: str, layout: str) -> str:
    path = job.work / f"{job.number:05d}.reading.pgm"
    picture.save(path, "PPM")
    try:
        found = subprocess.run(
            [program, os.fspath(path), "stdout", "-l", languages, "--psm", layout, "--dpi", str(DPI), "tsv"],
            capture_output=True, timeout=PAGE_SECONDS, env=_ENVIRONMENT, check=False, stdin=subprocess.DEVNULL, cwd=job.work,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    finally:
        path.unlink(missing_ok=True)
    return _lines(found.stdout.decode("utf-8", "replace")) if found.returncode == 0 else ""


def _lines(table: str) -> str:
    """Words of Tesseract's TSV (level, page, block, paragraph, line, word, left, top, width, height, confidence, text) as lines."""
    lines: dict[tuple[str, ...], list[str]] = {}
    sure: list[float] = []
    for row in table.split("\n")[1:]:
        cells: list[Any] = row.rstrip("\r").split("\t", 11)
        if len(cells) < 12 or cells[0] != "5" or not cells[11].strip():
            continue
        confidence = float(cells[10])
        if confidence >= SURE:
            lines.setdefault((cells[2], cells[3], cells[4]), []).append(cells[11])
            sure.append(confidence)
    if len(sure) < WORDS or sum(sure) / len(sure) < MEAN:
        return ""
    out: list[str] = []
    before: tuple[str, ...] = ()
    for place, words in lines.items():
        if before and place[:2] != before[:2]:
            out.append("")
        out.append(" ".join(words))
        before = place
    return "\n".join(out)
