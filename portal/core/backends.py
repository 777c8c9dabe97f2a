"""Where sealed bytes lie: a folder of this machine, or a bucket. What the bytes mean is known to storage.py alone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

BUCKET_PART = 16 * 1024**2
"""Bytes of one part of a multipart upload, and the most of an object that is in memory. S3 takes 10,000 parts: 160 GB."""
BUCKET_CONNECT_SECONDS = 5
BUCKET_READ_SECONDS = 60
GONE = frozenset({"NoSuchKey", "404", "InvalidRange", "416"})


@dataclass(frozen=True)
class Listed:
    """Bytes that lie in a backend. `whole` is False for what a dying process left of a write."""

    name: str
    modified: datetime
    whole: bool = True


class Backend(Protocol):
    """What the two backends offer: whole sealed objects in, byte ranges out.

    `put` and `stage` read their chunks once; each is valid until the next one is asked for. `put` holds at most a part of them in
    memory; nothing has the name before all is written. It raises FileExistsError when something has it already, unless `replace` is
    set. `get` raises FileNotFoundError, and gives less than was asked for when the object is shorter.
    """

    def put(self, name: str, chunks: Iterable[bytes | memoryview], *, replace: bool = False) -> None: ...
    def stage(self, name: str, chunks: Iterable[bytes | memoryview]) -> Path | None: ...
    def settle(self, staged: Mapping[str, Path | None]) -> None: ...
    def get(self, name: str, start: int, stop: int) -> Iterator[bytes]: ...
    def delete(self, name: str) -> None: ...
    def size(self, name: str) -> int | None: ...
    def listed(self) -> Iterator[Listed]: ...
    def clear_away(self, left: Listed) -> None: ...
    def room(self) -> int | None: ...
    def trouble(self) -> str: ...
    def make_place(self) -> bool: ...


READ_BYTES = 16 * (64 * 1024 + 16)
"""Whole sealed segments, so that no piece lies across two blocks and has to be copied."""


FSYNCS = 8
"""fsyncs of one batch that wait side by side."""


@cache
def _waiters(process: int) -> ThreadPoolExecutor:
    """The threads of this process that wait for the disk; a fork gets its own."""
    return ThreadPoolExecutor(FSYNCS, thread_name_prefix="fsync")


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class LocalFolder:
    """Sealed objects as files: temporary name, fsync, rename, fsync of the folder. Names are opaque ids."""

    def __init__(self, location: str | Path) -> None:
        self.location = Path(location)

    def path(self, name: str) -> Path:
        return self.location / name[:2] / name

    def _target(self, name: str) -> Path:
        """Where an object will lie. A folder that is new is made safe like what will be in it."""
        target = self.path(name)
        if not target.parent.is_dir():
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _fsync(self.location)
        return target

    def stage(self, name: str, chunks: Iterable[bytes | memoryview]) -> Path | None:
        """Write under a temporary name, not safe yet: `settle` makes many safe together."""
        target = self._target(name)
        temporary = target.with_name(f".{name}.{uuid4().hex}")
        try:
            with open(temporary, "xb") as out:
                for chunk in chunks:
                    out.write(chunk)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return temporary

    def settle(self, staged: Mapping[str, Path | None]) -> None:
        """As `put` for each, its steps side by side: the file system's journal takes waiting fsyncs in one go."""
        moves = {name: temporary for name, temporary in staged.items() if temporary is not None}
        if not moves:
            return
        places = {name: self.path(name) for name in moves}
        for name, temporary in moves.items():
            os.rename(temporary, places[name])  # no row names them yet: what a power cut leaves half written is swept
        waited = [*places.values(), *{place.parent for place in places.values()}]
        list(_waiters(os.getpid()).map(_fsync, waited))

    def put(self, name: str, chunks: Iterable[bytes | memoryview], *, replace: bool = False) -> None:
        target = self._target(name)
        temporary = target.with_name(f".{name}.{uuid4().hex}")
        try:
            with open(temporary, "xb") as out:
                for chunk in chunks:
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            if not replace and target.exists():
                raise FileExistsError(name)
            os.rename(temporary, target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def get(self, name: str, start: int, stop: int) -> Iterator[bytes]:
        with open(self.path(name), "rb", buffering=0) as source:
            source.seek(start)
            left = stop - start
            while left > 0 and (block := source.read(min(left, READ_BYTES))):
                left -= len(block)
                yield block

    def delete(self, name: str) -> None:
        self.path(name).unlink(missing_ok=True)

    def size(self, name: str) -> int | None:
        try:
            return self.path(name).stat().st_size
        except FileNotFoundError:
            return None

    def listed(self) -> Iterator[Listed]:
        for folder in sorted(self.location.glob("??")):
            for entry in os.scandir(folder):
                with suppress(FileNotFoundError):  # a write that has just come to its end
                    at = datetime.fromtimestamp(entry.stat(follow_symlinks=False).st_mtime, UTC)
                    yield Listed(entry.name, at, whole=not entry.name.startswith("."))

    def clear_away(self, left: Listed) -> None:
        place = left.name if left.whole else left.name[1:]
        (self.location / place[:2] / left.name).unlink(missing_ok=True)

    def room(self) -> int | None:
        """Bytes that are free on the disk."""
        try:
            return shutil.disk_usage(self.location).free
        except FileNotFoundError:
            return None

    def trouble(self) -> str:
        try:
            self.make_place()
        except OSError:
            return "folder"
        return "" if os.access(self.location, os.R_OK | os.W_OK | os.X_OK) else "folder"

    def make_place(self) -> bool:
        was = self.location.is_dir()
        self.location.mkdir(mode=0o700, parents=True, exist_ok=True)
        return not was


class Bucket:
    """Sealed objects in an S3-compatible bucket, through django-storages' connection; ranged GETs, never its whole-file reader."""

    def __init__(self, **options: Any) -> None:
        from botocore.config import Config
        from storages.backends.s3 import S3Storage

        # Names of buckets as part of the host need a DNS of their own: only AWS itself is asked that way.
        style = {"addressing_style": "path"} if options.get("endpoint_url") else {}
        options.setdefault(
            "client_config",
            Config(
                signature_version=options.pop("signature_version", "s3v4"),
                s3=style,
                connect_timeout=BUCKET_CONNECT_SECONDS,
                read_timeout=BUCKET_READ_SECONDS,
                retries={"max_attempts": 4, "mode": "standard"},
            ),
        )
        self.s3 = S3Storage(**options)

    @property
    def client(self) -> Any:
        return self.s3.bucket.meta.client

    def stage(self, name: str, chunks: Iterable[bytes | memoryview]) -> Path | None:
        """A bucket has no half-written objects: what was put is safe."""
        self.put(name, chunks)
        return None

    def settle(self, staged: Mapping[str, Path | None]) -> None:
        """Nothing is left to do."""

    def put(self, name: str, chunks: Iterable[bytes | memoryview], *, replace: bool = False) -> None:
        """One request for a small object; a multipart upload, part by part, for one that is larger than a part."""
        only_new = {} if replace else {"IfNoneMatch": "*"}
        parts = _gathered(chunks, BUCKET_PART)
        first = next(parts, b"")
        second = next(parts, None)
        if second is None:
            with _refusals(name):
                self.client.put_object(Bucket=self.s3.bucket_name, Key=name, Body=first, **only_new)
            return
        target = {"Bucket": self.s3.bucket_name, "Key": name}
        upload = {**target, "UploadId": self.client.create_multipart_upload(**target)["UploadId"]}
        done = []
        try:
            held = [second, first]
            first, second = b"", None  # or they would stay in memory beside every later one
            for number in count(1):
                part = held.pop() if held else next(parts, None)
                if part is None:
                    break
                answer = self.client.upload_part(**upload, PartNumber=number, Body=part)
                done.append({"PartNumber": number, "ETag": answer["ETag"]})
                part = None  # before the next one is gathered
            with _refusals(name):
                self.client.complete_multipart_upload(**upload, MultipartUpload={"Parts": done}, **only_new)
        except BaseException:
            with suppress(Exception):  # what it leaves is swept away later
                self.client.abort_multipart_upload(**upload)
            raise

    def size(self, name: str) -> int | None:
        try:
            return int(self.client.head_object(Bucket=self.s3.bucket_name, Key=name)["ContentLength"])
        except self.client.exceptions.ClientError as problem:
            if problem.response["Error"]["Code"] in GONE:
                return None
            raise

    def listed(self) -> Iterator[Listed]:
        """Objects, and multipart uploads that nobody completed (name and id, divided by a slash)."""
        for one in self.s3.bucket.objects.all():
            yield Listed(one.key, one.last_modified)
        for begun in self.s3.bucket.multipart_uploads.all():
            yield Listed(f"{begun.object_key}/{begun.id}", begun.initiated, whole=False)

    def clear_away(self, left: Listed) -> None:
        if left.whole:
            self.delete(left.name)
            return
        key, _, upload = left.name.partition("/")
        self.client.abort_multipart_upload(Bucket=self.s3.bucket_name, Key=key, UploadId=upload)

    def get(self, name: str, start: int, stop: int) -> Iterator[bytes]:
        if stop <= start:
            return
        try:
            answer = self.s3.bucket.Object(name).get(Range=f"bytes={start}-{stop - 1}")
        except self.client.exceptions.ClientError as problem:
            if problem.response["Error"]["Code"] in GONE:
                raise FileNotFoundError(name) from problem
            raise
        with closing(answer["Body"]) as body:  # a reader that stops early gives its connection back
            yield from body.iter_chunks(1024 * 1024)

    def delete(self, name: str) -> None:
        self.s3.bucket.Object(name).delete()

    def room(self) -> int | None:
        """A bucket does not say."""
        return None

    def trouble(self) -> str:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self.client.head_bucket(Bucket=self.s3.bucket_name)
        except ClientError as problem:
            status = problem.response["ResponseMetadata"]["HTTPStatusCode"]
            return {404: "missing", 403: "refused", 401: "refused"}.get(status, "silent")
        except BotoCoreError:
            return "silent"
        return ""

    def make_place(self) -> bool:
        client = self.client
        region = client.meta.region_name
        where = {} if region in (None, "us-east-1") else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        try:
            client.create_bucket(Bucket=self.s3.bucket_name, **where)
        except client.exceptions.ClientError as problem:
            known = problem.response["Error"]["Code"] in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}
            if known and not self.trouble():
                return False
            raise
        return True


def _gathered(chunks: Iterable[bytes | memoryview], size: int) -> Iterator[bytes]:
    """The same bytes in portions of `size`; the last one is smaller."""
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        while len(waiting) >= size:
            with memoryview(waiting) as view:
                whole = bytes(view[:size])
            del waiting[:size]
            yield whole
            del whole
    if waiting:
        yield bytes(waiting)


@contextmanager
def _refusals(name: str) -> Iterator[None]:
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as problem:
        if problem.response["Error"]["Code"] in {"PreconditionFailed", "412"}:
            raise FileExistsError(name) from problem
        raise
