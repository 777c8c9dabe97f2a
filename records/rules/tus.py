"""tus 1.0.0 (https://tus.io/protocols/resumable-upload): what the headers say, checked. No request, no database."""

from __future__ import annotations

import base64
import binascii
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

VERSION = "1.0.0"
EXTENSIONS = ("creation", "creation-with-upload", "termination", "expiration", "checksum")
CHECKSUMS = ("sha256", "sha1")
DIGEST_BYTES = {"sha256": 32, "sha1": 20}
BUNDLE_FILES = 200
BUNDLE_FILE_BYTES = 4 * 1024 * 1024
BUNDLE_BYTES = 32 * 1024 * 1024
"""Of one bundle, all its files together; our page sends 8 MiB."""
MAX_NAME = 255
MAX_FOLDER = 500

# Controls, bidirectional marks, zero-width characters: a name is shown to people and must read as it is.
# And halves of surrogate pairs, which JSON can hold and no database takes.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


class BadHeader(Exception):
    """A header that tus does not allow. `code` is stable and safe to log."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Described:
    """What the sender says about a file. Names are for showing only."""

    name: str
    folder: str
    batch: UUID | None
    fingerprint: str


def metadata(header: str) -> dict[str, str]:
    """Upload-Metadata: comma-separated pairs of key and base64 value.

    Raises:
        BadHeader: not base64, not UTF-8, or the same key twice.
    """
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, value = pair.partition(" ")
        if key in found:
            raise BadHeader("metadata_repeated")
        try:
            found[key] = base64.b64decode(value.strip(), validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            raise BadHeader("metadata_unreadable") from None
    return found


def clean(text: str) -> str:
    """One line that shows what it holds."""
    return _UNSEEN.sub("", unicodedata.normalize("NFC", text)).strip()


def described(header: str) -> Described:
    """The file's own name, the folder it lay in, the batch it was chosen with and the sender's mark of it.

    Raises:
        BadHeader: see `metadata`; or there is no name.
    """
    return described_by(metadata(header))


def described_by(found: Mapping[str, str]) -> Described:
    """The same from plain words. Raises as `described`."""
    path = [clean(part) for part in re.split(r"[/\\]", found.get("relativePath", ""))]
    path = [part for part in path if part and part not in (".", "..")]
    name = clean(re.split(r"[/\\]", found.get("filename", ""))[-1]) or (path[-1] if path else "")
    if not name:
        raise BadHeader("name_missing")
    try:
        batch = UUID(found["batch"]) if found.get("batch") else None
    except ValueError:
        raise BadHeader("batch_unreadable") from None
    fingerprint = found.get("fingerprint", "")
    if not re.fullmatch(r"[0-9a-zA-Z_-]{0,64}", fingerprint):
        raise BadHeader("fingerprint_unreadable")
    return Described(shortened(name), "/".join(path[:-1])[:MAX_FOLDER], batch, fingerprint)


def bundle(line: bytes) -> list[tuple[Described, int]]:
    """The first line of a bundle: a JSON list that describes each file, with its `size` in bytes (our own, beside tus).

    Raises:
        BadHeader: no such list; no file, or an empty or large one, which go by themselves; too many, or too much together.
    """
    try:
        listed = json.loads(line)
        found = [(described_by({k: v for k, v in one.items() if isinstance(v, str)}), one["size"]) for one in listed]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise BadHeader("bundle_unreadable") from None
    if not 0 < len(found) <= BUNDLE_FILES:
        raise BadHeader("bundle_files")
    if not all(isinstance(size, int) and 0 < size <= BUNDLE_FILE_BYTES and one.batch for one, size in found):
        raise BadHeader("bundle_sizes")
    if sum(size for _, size in found) > BUNDLE_BYTES:
        raise BadHeader("bundle_sizes")
    return found


def shortened(name: str) -> str:
    """At most 255 characters, the ending kept."""
    if len(name) <= MAX_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 10:
        return name[:MAX_NAME]
    return stem[: MAX_NAME - len(ending) - 1] + "." + ending


def count(header: str | None, code: str) -> int:
    """A length or offset in bytes.

    Raises:
        BadHeader: missing, not a number, or beyond 2^53.
    """
    if header is None or not re.fullmatch(r"[0-9]{1,16}", header):
        raise BadHeader(code)
    return int(header)


def checksum(header: str) -> tuple[str, bytes]:
    """Upload-Checksum: algorithm and digest.

    Raises:
        BadHeader: an algorithm that is not offered, or a digest of the wrong length.
    """
    algorithm, _, value = header.partition(" ")
    if algorithm not in CHECKSUMS:
        raise BadHeader("checksum_algorithm")
    try:
        digest = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise BadHeader("checksum_unreadable") from None
    if len(digest) != DIGEST_BYTES[algorithm]:
        raise BadHeader("checksum_unreadable")
    return algorithm, digest
