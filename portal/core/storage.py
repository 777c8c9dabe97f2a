"""Sealed storage. Nothing lies readable on a disk or in a bucket, and whatever is read back is what was written.

Format CS1 (docs/adr): plain bytes are cut into segments of 64 KiB; segment *i* of object *O* is AES-256-GCM under a key
derived (HKDF-SHA-256) from the case's data key and *O*'s id, with nonce *i* and associated data (version, O, i, and for the
last one the total size). So a flipped byte, a swapped or cut segment, a segment of another object and a shortened file all
fail on reading, and any range is verified on its own. The data key is wrapped under the installation's master key;
deleting that row erases the case.

This module (with backends.py, its lower half) is the only one that opens the private backend: no URL, no path, no `storage.open`.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from django.conf import settings
from django.core.files.storage import storages
from django.db import IntegrityError, transaction

from portal.core.backends import Backend
from portal.core.compiled import first_of
from portal.core.models import DataKey, StoredObject
from portal.core.states import ObjectState

SEGMENT = 64 * 1024
TAG = 16
STRETCH = 16 * SEGMENT
"""Most bytes that are hashed and handed on together."""
FORMAT = "CS1"
IN_MEMORY = 1024 * 1024
"""Bytes of a file that is handed to a child without a place on the disk."""


class Damaged(Exception):
    """The stored bytes are not those that were written (or the master key is another one). The argument is the object's id."""


class Erased(Exception):
    """The object, or its case, was erased."""


class NotReady(Exception):
    """A derived object is being made again from its original: ask later. The argument is the object's id."""


def backend() -> Backend:
    return cast(Backend, storages[settings.SEALED_STORAGE])


def _master_key() -> bytes:
    return bytes.fromhex(settings.MASTER_KEY)


def master_key_id() -> str:
    """A short public name of the master key, so that a wrong one is told from damage."""
    return hashlib.sha256(b"consilium master key id" + _master_key()).hexdigest()[:16]


def _data_key(case_id: UUID) -> DataKey:
    """The case's data key; made at its first object. Two processes that begin together agree on one row."""
    known: DataKey | None = first_of(
        "data key", {"case": UUID(int=1)}, {"case": case_id}, lambda: DataKey.objects.filter(case_id=UUID(int=1))
    )
    if known:
        return known
    try:
        with transaction.atomic():
            return DataKey.objects.create(
                case_id=case_id,
                wrapped=aes_key_wrap(_master_key(), os.urandom(32)),
                master_key_id=master_key_id(),
            )
    except IntegrityError:
        return DataKey.objects.get(case_id=case_id)


def _cipher(key: DataKey, object_id: UUID) -> AESGCM:
    if key.master_key_id != master_key_id():
        raise Damaged(f"{object_id}: sealed under another master key ({key.master_key_id})")
    try:
        plain = aes_key_unwrap(_master_key(), bytes(key.wrapped))
    except InvalidUnwrap as problem:
        raise Damaged(f"{object_id}: the case's data key is gone") from problem
    return AESGCM(HKDF(SHA256(), 32, salt=object_id.bytes, info=b"consilium CS1").derive(plain))


def _bound(object_id: UUID, index: int, total: int | None) -> bytes:
    last = b"" if total is None else b"last" + total.to_bytes(8, "big")
    return FORMAT.encode() + object_id.bytes + index.to_bytes(8, "big") + last


def _stretches(chunks: Iterable[bytes | memoryview]) -> Iterator[tuple[memoryview, bool]]:
    """Cut a stream into whole segments, some in a row; the last one (perhaps empty) comes by itself and is marked.

    A chunk is done with before the next one is asked for, and is not copied but for its end.
    """
    rest = bytearray()
    for chunk in chunks:
        view = memoryview(chunk)
        if len(rest) + len(view) <= SEGMENT:
            rest += view
            continue
        if rest:
            lacks = SEGMENT - len(rest)
            rest += view[:lacks]
            yield memoryview(rest), False
            view = view[lacks:]
        whole = (len(view) - 1) // SEGMENT * SEGMENT  # what is left may be the last
        for at in range(0, whole, STRETCH):
            yield view[at : min(at + STRETCH, whole)], False
        rest = bytearray(view[whole:])
    yield memoryview(rest), True


@contextmanager
def _room() -> Iterator[memoryview]:
    """Memory for a sealed stretch, used again and again: new memory costs more than sealing into it."""
    try:
        room = _rooms.pop()
    except IndexError:
        room = bytearray(STRETCH + STRETCH // SEGMENT * TAG)
    yield memoryview(room)
    _rooms.append(room)


_rooms: deque[bytearray] = deque(maxlen=32)


def write_stream(chunks: Iterable[bytes | memoryview], *, case_id: UUID, kind: str, row: bool = True) -> StoredObject:
    """Seal a stream of bytes and keep it; the row exists only once the bytes are safe.

    Args:
        chunks: plain bytes in any portions; read once, never held whole in memory.
        case_id: whose data key seals it.
        kind: "original" (kept as it came, in the backup), "derived" (can be made again), "part" (of an upload) or "secret" (a
            password that is used once: never in a backup).
        row: False leaves saving the row to the caller, in the transaction that names it. What dies in between is swept.

    Raises:
        RuntimeError: called inside a transaction (file work must not hold the database).
    """
    made = _seal(chunks, _data_key(case_id), kind, backend().put)
    if row:
        made.save(force_insert=True)
    return made


class Batch:
    """Objects of one case that become safe together, their rows unsaved: they are saved with what names them.

    Their names begin alike, so that they lie in one folder of a disk, which is then made safe once.
    A process that dies before that leaves sealed files without a row, which `sweep` removes.
    """

    def __init__(self, case_id: UUID) -> None:
        self._key, self._staged = _data_key(case_id), dict[str, Path | None]()
        self._start = os.urandom(1)

    def seal(self, chunks: Iterable[bytes | memoryview], *, kind: str) -> StoredObject:
        """As `write_stream`, but neither safe on the disk nor in the database yet."""
        return _seal(chunks, self._key, kind, self._stage, UUID(bytes=self._start + os.urandom(15), version=4))

    def _stage(self, name: str, sealed: Iterable[bytes | memoryview]) -> None:
        self._staged[name] = backend().stage(name, sealed)

    def drop(self, stored: StoredObject) -> None:
        """This one is not wanted after all."""
        temporary = self._staged.pop(stored.name, None)
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        else:
            backend().delete(stored.name)

    def settle(self) -> None:
        """From now on all of them are safe."""
        backend().settle(self._staged)
        self._staged = {}


def _seal(
    chunks: Iterable[bytes | memoryview],
    key: DataKey,
    kind: str,
    put: Callable[[str, Iterable[bytes | memoryview]], None],
    object_id: UUID | None = None,
) -> StoredObject:
    """Seal a stream through `put`; the row is returned unsaved. What `put` is handed is valid until it asks for more.

    Raises:
        RuntimeError: called inside a transaction (file work must not hold the database).
    """
    if transaction.get_connection().in_atomic_block and not settings.SEAL_INSIDE_TRANSACTIONS:
        raise RuntimeError("write_stream inside a transaction")
    object_id = object_id or uuid4()
    cipher = _cipher(key, object_id)
    digest = hashlib.sha256()
    size = 0

    def sealed() -> Iterator[memoryview]:
        nonlocal size
        index = 0
        with _room() as room:
            for plain, last in _stretches(chunks):
                digest.update(plain)
                size += len(plain)
                end = 0
                for at in range(0, len(plain) or 1, SEGMENT):
                    bound = _bound(object_id, index, size if last else None)
                    segment = plain[at : at + SEGMENT]
                    start, end = end, end + len(segment) + TAG
                    cipher.encrypt_into(index.to_bytes(12, "big"), segment, bound, room[start:end])
                    index += 1
                yield room[:end]

    put(object_id.hex, sealed())
    return StoredObject(
        id=object_id,
        case_id=key.case_id,
        kind=kind,
        name=object_id.hex,
        size=size,
        sha256=digest.hexdigest(),
        key=key,
        format=FORMAT,
    )


def read_range(stored: StoredObject, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """Plain bytes [start, stop), verified segment by segment before they are given out.

    Raises:
        Damaged: a byte was changed, a segment is missing or swapped, or the file was cut.
        Erased: the object is gone on purpose.
        NotReady: it is derived, and being made again.
        ValueError: the range is not inside the object.
    """
    stop = stored.size if stop is None else stop
    if not 0 <= start <= stop <= stored.size:
        raise ValueError("range outside the object")
    require_ready(stored)
    return _read(stored, start, stop)


def require_ready(stored: StoredObject) -> None:
    """Raises Erased or NotReady, before a page has begun to answer."""
    if stored.state == ObjectState.LOST:
        raise NotReady(str(stored.pk))
    if stored.state != ObjectState.STORED:
        raise Erased(str(stored.pk))


def _read(stored: StoredObject, start: int, stop: int) -> Iterator[bytes]:
    cipher = _cipher(stored.key, stored.pk)
    final = max(0, (stored.size - 1) // SEGMENT)
    first, end = (
        min(start // SEGMENT, final),
        (max(stop - 1, start) // SEGMENT if stop > start else min(start // SEGMENT, final)),
    )
    sealed_stop = min((end + 1) * (SEGMENT + TAG), stored.size + (final + 1) * TAG)
    blocks = backend().get(stored.name, first * (SEGMENT + TAG), sealed_stop)
    try:
        for index, sealed in enumerate(_recut(blocks, SEGMENT + TAG), first):
            bound = _bound(stored.pk, index, stored.size if index == final else None)
            plain = cipher.decrypt(index.to_bytes(12, "big"), sealed, bound)
            base = index * SEGMENT
            piece = plain[max(0, start - base) : max(0, stop - base)]
            first = index + 1
            if piece:
                yield piece
    except FileNotFoundError as problem:
        raise (NotReady if stored.kind == "derived" else Damaged)(str(stored.pk)) from problem
    except InvalidTag as problem:
        raise Damaged(str(stored.pk)) from problem
    if first != end + 1:
        raise Damaged(str(stored.pk))


def _recut(blocks: Iterable[bytes], size: int) -> Iterator[memoryview]:
    """Blocks of any size as pieces of one size, the last one shorter; nothing is copied but what lies across two blocks."""
    left = b""
    for block in blocks:
        view = memoryview(left + block if left else block)
        whole = len(view) - len(view) % size
        for at in range(0, whole, size):
            yield view[at : at + size]
        left = bytes(view[whole:])
    if left:
        yield memoryview(left)


def read_bytes(stored: StoredObject, *, limit: int) -> bytes:
    """The whole object, for small ones. Raises ValueError above `limit` bytes rather than fill the memory."""
    if stored.size > limit:
        raise ValueError("object larger than the limit")
    return b"".join(read_range(stored))


def _nameless(size: int) -> IO[bytes]:
    if size <= IN_MEMORY and hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("plain"), "w+b")
    folder = Path(settings.DATA_DIR) / "work"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return cast(IO[bytes], tempfile.TemporaryFile(dir=folder))


@contextmanager
def open_plain(stored: StoredObject, renew: Callable[[], object] = bool) -> Iterator[IO[bytes]]:
    """The plain bytes in an unlinked temporary file, to hand its descriptor to a child; it vanishes with the last process that holds it.

    A small one never touches the disk, where the system has such files. `renew` is called for every piece: gigabytes from a bucket
    take longer than a job's lease.
    """
    with _nameless(stored.size) as plain:
        for piece in read_range(stored):
            plain.write(piece)
            renew()
        plain.flush()
        plain.seek(0)
        yield plain


def erase(stored: StoredObject) -> None:
    """Drop the bytes and keep the row, which says that there was something. Idempotent."""
    StoredObject.objects.filter(pk=stored.pk).update(state=ObjectState.ERASED)
    backend().delete(stored.name)


def sealed_size(stored: StoredObject) -> int:
    """Bytes that the object takes where it lies: its plain bytes and one tag for each segment."""
    return stored.size + (max(0, stored.size - 1) // SEGMENT + 1) * TAG


def read_sealed(stored: StoredObject) -> Iterator[bytes]:
    """The object as it lies, still sealed: for backups, which need no key. Raises FileNotFoundError."""
    return backend().get(stored.name, 0, sealed_size(stored))


def put_sealed(name: str, sealed: IO[bytes]) -> None:
    """Put an object back as a backup holds it. Whether it is whole shows on reading, as ever."""
    backend().put(name, iter(lambda: sealed.read(1024 * 1024), b""), replace=True)


def is_here(stored: StoredObject) -> bool:
    """Whether the bytes lie where they should, in their full length; whether they are right shows on reading."""
    return backend().size(stored.name) == sealed_size(stored)


def trouble() -> str:
    """Why nothing can be stored now: "missing", "refused", "silent", "folder", or nothing. One request, for the start-up check."""
    return backend().trouble()


def make_place() -> bool:
    """Make the bucket or folder. Returns whether it was not there before."""
    return backend().make_place()


def has_room(size: int) -> bool:
    """Whether an upload of `size` bytes fits on the disk: as parts, and once more while they are put together."""
    left = spare()
    return left is None or left >= 2 * size


def spare() -> int | None:
    """Bytes that may be written before the disk's reserve is touched; None where the store does not say."""
    free = backend().room()
    return None if free is None else free - int(settings.DISK_RESERVE_BYTES)
