"""What the parent and the confined child say to each other: JSON lines, parsed strictly on the parent's side.

The child has read hostile bytes and counts as hostile itself: nothing it says is used before `parse_result` has checked it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from records.dicom.encapsulated import MAX_INDEX_BYTES
from records.structured import model

STATUSES = frozenset({"ready", "rejected", "quarantined", "needs_password", "container", "left_out"})
KINDS = frozenset({"dicom", "pdf", "image", "text", "archive", "xml", "json", "office", "viewer_program", "other"})
MAX_LINE = 48 * 1024 * 1024  # bytes; metadata of an enhanced multi-frame object takes some megabytes

OUT_OF_MEMORY = 6  # exit status of a child that ran out of memory outside a handler

REFUSALS = frozenset({
    "empty", "type_unsupported", "video_unsupported", "unsafe_memory", "unsafe_time", "unsafe_crash", "too_large",
    "dicom_truncated", "dicom_damaged", "dicom_too_deep",
    "dicom_too_many_elements", "dicom_inflates_too_much", "dicom_trailing_data",
    "dicom_uid_missing", "dicom_uid_invalid", "dicom_frame_count",
    "dicom_image_description", "dicom_pixel_length", "dicom_no_pixels",
    "dicom_codestream_size", "dicom_pixels_damaged",
    "transfer_syntax_unsupported", "encapsulated_type_mismatch", "image_too_large",
    "image_damaged", "pdf_damaged", "pdf_header_not_first", "pdf_too_many_pages", "pdf_password", "pdf_password_wrong",
    "text_damaged", "hl7_damaged", "xml_dtd", "xml_damaged", "xml_too_deep", "json_damaged", "json_too_deep",
    "zip_bomb", "zip_overlap", "zip_unsafe_path", "zip_symlink",
    "zip_too_many_entries", "zip_too_large", "zip_password", "zip_password_wrong",
    "zip_encryption_unsupported", "zip_damaged", "zip_size_mismatch",
    "zip_nested", "archive_empty", "archive_unsupported",
    "disc_cut", "disc_damaged", "disc_loop", "disc_unsupported",
})  # fmt: skip
"""Why a file was refused, set aside or needs a password: `code` of those results. Sentences are in records/refusals.py."""

NOTES = frozenset({
    "kept_not_shown", "viewer_program", "viewer_file", "dicomdir", "system_file", "unlocked", "office_not_shown",
    "executable_preamble", "dicom_tiff_preamble", "dicom_preamble_used",
    "dicom_preamble_missing", "dicom_syntax_missing", "dicom_syntax_wrong",
    "dicom_vr_unknown", "dicom_vr_missing", "dicom_order",
    "dicom_delimiter_missing", "dicom_group_length", "dicom_padding",
    "dicom_pixel_data_longer", "dicom_charset_unknown",
    "dicom_text_shortened", "dicom_date_invalid", "dicom_uid_leading_zero",
    "dicom_uid_made", "dicom_class_retired", "dicom_stray_item", "dicom_charset_guessed", "dicom_description_guessed",
    "dicom_trailing_ignored", "dicom_overlay_not_drawn",
    "transfer_syntax_unsupported", "metadata_shortened", "frames_not_shown", "video_not_shown",
    "pdf_javascript", "pdf_launch", "pdf_submit", "pdf_remote",
    "pdf_attachments", "pdf_automatic_action", "pdf_pages_not_shown", "pdf_page_shrunk",
    "words_unavailable", "image_shrunk", "image_pages_not_shown", "text_shortened", "office_macros", "office_remote", "html_narrative",
})  # fmt: skip
"""Remarks that do not stop a file: `flags`, and `code` of a file that is left out or kept but not shown."""

CODES = REFUSALS | NOTES
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,90}\Z")
_OUTPUT = re.compile(r"[0-9]{5}\.[a-z0-9-]{1,20}(\.[a-z0-9]{1,6})?\Z")
_KEYWORD = re.compile(r"[A-Za-z]{1,40}\Z")
CONTENTS = frozenset({
    "report", "key_objects", "presentation", "segmentation", "rt_image", "rt_dose", "rt_structures", "rt_record", "rt_plan", "slide",
    "registration", "raw", "annotations", "parametric_map", "surface", "tracts", "model", "waveform", "video",
})  # fmt: skip
"""`kind` of a DICOM object's content beside images (records/dicom/objects.py)."""
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_UID = re.compile(r"[0-9.]{1,64}\Z")


class ProtocolError(Exception):
    """The child's words do not follow the protocol; they carry no meaning then."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one child. Sizes in bytes,
    times in seconds; `wall` and `cpu` for each file, the rest for the process."""

    memory: int = 512 * 1024 * 1024
    cpu: int = 120
    wall: float = 180.0
    file_size: int = 2 * 1024 * 1024 * 1024
    """Of one written file."""
    extracted: int = 16 * 1024 * 1024 * 1024
    """Of all members of all archives of the batch together."""
    entries: int = 20_000
    depth: int = 1
    """Levels of archives inside archives that are still opened."""
    pages: int = 300
    page_pixels: int = 6_000_000
    page_seconds: float = 15.0
    """Of the processor, for one page of a PDF: a decoder that never ends is the file's fault."""
    image_pixels: int = 100_000_000
    image_side: int = 4_000
    """Longer side of a picture's view copy, pixels."""
    text: int = 200_000
    """Characters of text kept of a page or text file."""
    office: str = ""
    """The folder of LibreOffice's programs, to turn letters into PDF; "" for a child that reads everything else."""

    def more_seconds(self, size: int, *, locked: bool) -> float:
        """What a large file gets on top of `wall` and `cpu`: a whole disc is copied member by member, and the old cipher of
        PKZIP is slow in Python (1 MB/s)."""
        return size / (16 * 1024 * 1024) + (size / (400 * 1024) if locked else 0.0)


@dataclass(frozen=True, slots=True)
class ChildInput:
    """One file for the child.

    `fd`: an open descriptor (memfd or unlinked temporary file; the parent keeps ownership). `key`: the caller's own id,
    echoed, never sent to the child. `depth`: 0 for what was uploaded, 1 for a member of an archive, …
    """

    key: str
    fd: int
    password: str | None = None
    depth: int = 0
    thumbnail: bool = True
    trailing: bool = False
    """A DICOM file is read although something follows its last element."""
    words: tuple[int, int, str] | None = None
    """Instead of everything else: read the words on the pictures of pages from … to (from 1), in these languages ("eng+spa")."""


@dataclass(frozen=True, slots=True)
class Output:
    """A file the child wrote into the work folder."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one input; `data` by kind as records/child/README.md lists it."""

    key: str
    status: str
    code: str
    kind: str
    media_type: str
    flags: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "flags": list(self.flags), "data": dict(self.data)}


def _need(condition: bool, what: str) -> None:
    if not condition:
        raise ProtocolError(what)


def parse_line(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise ProtocolError("not JSON") from None
    _need(isinstance(value, dict), "not an object")
    return dict(value)


def parse_result(value: Mapping[str, Any], *, key: str, size: int, beginning: bool = False) -> FileResult:
    """Check a result for the input of `size` bytes, of which the child may have had the `beginning` only. Raises ProtocolError."""
    status, code, kind, media = (value.get(n) for n in ("status", "code", "kind", "media_type"))
    _need(status in STATUSES, "status")
    _need(kind in KINDS, "kind")
    _need(code == "" or code in CODES, "code")
    _need(isinstance(media, str) and bool(_MEDIA_TYPE.match(media)), "media type")
    _need(status not in ("rejected", "quarantined", "needs_password") or code in REFUSALS, "refusal without reason")
    flags, data, outputs = value.get("flags"), value.get("data"), value.get("outputs")
    _need(isinstance(flags, list) and all(f in NOTES for f in flags), "flags")
    _need(isinstance(data, dict), "data")
    _need(isinstance(outputs, list), "outputs")
    assert isinstance(flags, list) and isinstance(data, dict) and isinstance(outputs, list)
    checked = []
    for entry in outputs:
        _need(isinstance(entry, list) and len(entry) == 2, "output")
        name, length = entry
        _need(isinstance(name, str) and bool(_OUTPUT.match(name)), "output name")
        _need(isinstance(length, int) and length >= 0, "output size")
        checked.append(Output(name, length))
    _named_files(data, {o.name: o.size for o in checked}, status, kind)
    if kind == "dicom" and status in ("ready", "quarantined") and data:
        _dicom(data, size)
        found = data.get("digest")  # of the pixels, which no beginning has
        _need(found == "" if beginning else bool(_SHA256.match(str(found))), "digest")
    try:
        model.check(data)
    except model.Malformed as wrong:
        raise ProtocolError(f"structured record: {wrong}") from None
    for name in ("left_out", "programs"):
        labels = data.get(name, [])
        _need(isinstance(labels, list) and all(isinstance(label, str) for label in labels), name)
    return FileResult(key, str(status), str(code), str(kind), str(media), tuple(flags), data, tuple(checked))


def _named_files(data: Mapping[str, Any], outputs: Mapping[str, int], status: Any, kind: Any) -> None:
    """Every file that the data name was declared, so it will be looked at on disk."""
    named: list[Any] = [data.get("thumbnail"), data.get("view_copy")]
    pages, members = data.get("pages", []), data.get("members", [])
    _need(isinstance(pages, list) and isinstance(members, list), "lists")
    for page in pages:
        _need(isinstance(page, dict) and all(isinstance(page.get(n), int) for n in ("width", "height")), "page")
        _need(isinstance(page.get("text", ""), str), "page text")
        named.append(page.get("image"))
    read = data.get("read", [])
    _need(isinstance(read, list), "read")
    for entry in read:
        _need(isinstance(entry, list) and len(entry) == 2, "words")
        _need(isinstance(entry[0], int) and isinstance(entry[1], str), "words")
    attachments = data.get("attachments", [])
    _need(isinstance(attachments, list), "attachments")
    for member in [*members, *attachments]:
        _need(
            isinstance(member, dict) and isinstance(member.get("name"), str) and member.get("file") in outputs, "member"
        )
        _need(member.get("size") == outputs[member["file"]], "member size")
    named.append(data.get("video"))
    inner = data.get("encapsulated")
    if inner is not None:
        _need(isinstance(inner, dict) and "file" in inner, "encapsulated")
        named.append(inner["file"])
    if kind == "dicom":
        frames = data.get("frames")
        if isinstance(frames, dict) and frames.get("source") == "pack":
            _need(frames.get("pack") in outputs, "pack")
            behind = frames.get("index_bytes", -1)
            _need(isinstance(behind, int) and 0 <= behind <= MAX_INDEX_BYTES, "index size")
            shown = frames.get("frame_bytes", -1) * frames.get("count", -1)
            _need(outputs[frames["pack"]] == shown + behind, "pack size")
    _need(status != "container" or "members" in data, "container without members")
    _need(all(name is None or name in outputs for name in named), "file not declared")


def _dicom(data: Mapping[str, Any], size: int) -> None:
    index, frames = data.get("index"), data.get("frames")
    _need(isinstance(index, dict) and isinstance(frames, dict) and isinstance(data.get("metadata"), dict), "dicom")
    assert isinstance(index, dict) and isinstance(frames, dict)
    for name in ("study_instance_uid", "series_instance_uid", "sop_instance_uid"):
        _need(isinstance(index.get(name), str) and bool(_UID.match(index[name])), name)
    for name, value in index.items():
        _need(isinstance(value, (str, int, float, list, type(None))), str(name))
    content = data.get("content")
    _need(content is None or (isinstance(content, dict) and content.get("kind") in CONTENTS), "content")
    missing = index.get("missing", [])
    _need(
        isinstance(missing, list) and all(isinstance(name, str) and _KEYWORD.match(name) for name in missing), "missing"
    )
    for name in ("count", "offset", "frame_bytes", "rows", "columns"):
        value = frames.get(name)
        _need(isinstance(value, int) and value >= 0, name)
    _need(frames.get("source") in ("original", "pack", "none"), "frames")
    if frames["source"] == "original":
        _need(frames["offset"] + frames["frame_bytes"] * frames["count"] <= size, "frames beyond the file")
