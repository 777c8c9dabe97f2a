"""Files of a plain form, sealed while they arrive: nothing readable touches the disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

from portal.core import storage
from portal.core.models import StoredObject
from records.actions.uploads import PART_BYTES

MAX_FILES = 100
"""Files of one form; more need the uploader, which sends a folder of any size."""


@dataclass
class Received:
    """One file of the form: its sealed parts in order."""

    name: str
    parts: list[StoredObject] = field(default_factory=list)
    size: int = 0


class SealingHandler(FileUploadHandler):
    """Cuts what arrives into sealed parts of at most 1 MiB. The form's other fields are handled by Django."""

    chunk_size = 64 * 1024

    def __init__(self, request: HttpRequest, *, case_id: UUID, room: int) -> None:
        super().__init__(request)
        self.case_id = case_id
        self.batch = uuid4()
        self.files: list[Received] = []
        self.waiting = bytearray()
        self.used: set[UUID] = set()
        self.room = room
        spare = storage.spare()
        self.spare = room if spare is None else spare // 2  # as parts, and once more while they are put together
        self.over = ""
        """Why the form was not read to its end: then nothing of it counts, since its last file may be cut."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if len(self.files) >= MAX_FILES:
            self.over = "form_files"
            raise StopUpload(connection_reset=True)
        self.files.append(Received(str(self.file_name or "")))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.room -= len(raw_data)
        self.spare -= len(raw_data)
        if min(self.room, self.spare) < 0:
            self.over = "case_full" if self.room < 0 else "store_full"
            raise StopUpload(connection_reset=True)
        self.waiting += raw_data
        while len(self.waiting) >= PART_BYTES:
            self._seal(bytes(self.waiting[:PART_BYTES]))
            del self.waiting[:PART_BYTES]

    def file_complete(self, file_size: int) -> UploadedFile:
        if self.waiting:
            self._seal(bytes(self.waiting))
            self.waiting.clear()
        return UploadedFile(name=self.files[-1].name or "file", size=file_size)

    def _seal(self, piece: bytes) -> None:
        part = storage.write_stream([piece], case_id=self.case_id, kind="part")
        self.files[-1].parts.append(part)
        self.files[-1].size += len(piece)

    def upload_interrupted(self) -> None:
        self.waiting.clear()

    def received(self) -> list[Received]:
        """Whole files; a form field left empty has no name."""
        return [one for one in self.files if one.name]

    def use(self, one: Received) -> list[StoredObject]:
        """Hand over the parts of a file: from now on its upload owns them."""
        self.used |= {part.pk for part in one.parts}
        return one.parts

    def unused(self) -> list[StoredObject]:
        """Parts that no upload took (a refused form)."""
        return [part for one in self.files for part in one.parts if part.pk not in self.used]
