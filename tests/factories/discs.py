"""Copies of discs and locked archives, as people send them. The people in them are invented."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pycdlib
import pyzipper

PROGRAM = b"MZ\x90\0" + bytes(200)
ICON = b"\0\0\1\0\1\0" + bytes(60)


def make_iso(files: Mapping[str, bytes], *, joliet: bool = True, rock_ridge: bool = False) -> bytes:
    """An ISO 9660 image, written by a library that is not the reader under test. Paths as "DICOM/IM0001"."""
    options: dict[str, Any] = {"interchange_level": 3}
    if joliet:
        options["joliet"] = 3
    if rock_ridge:
        options["rock_ridge"] = "1.09"
    disc = pycdlib.PyCdlib()
    disc.new(**options)
    made: dict[str, str] = {}

    def named(path: str, short: str) -> dict[str, Any]:
        place = {"iso_path": short}
        if joliet:
            place["joliet_path"] = f"/{path}"
        if rock_ridge:
            place["rr_name"] = path.rsplit("/", 1)[-1]
        return place

    for number, (path, content) in enumerate(files.items()):
        parts = path.split("/")
        for depth in range(1, len(parts)):
            folder = "/".join(parts[:depth])
            if folder not in made:
                made[folder] = f"{made.get('/'.join(parts[: depth - 1]), '')}/D{len(made):03d}"
                disc.add_directory(**named(folder, made[folder]))
        short = f"{made.get('/'.join(parts[:-1]), '')}/F{number:05d}.;1"
        disc.add_fp(io.BytesIO(content), len(content), **named(path, short))
    out = io.BytesIO()
    disc.write_fp(out)
    disc.close()
    return out.getvalue()


def make_locked_zip(files: Mapping[str, bytes], password: str) -> bytes:
    """Locked with WinZip's AES."""
    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(password.encode())
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def make_udf(files: Mapping[str, bytes], *, alone: bool, note: bytes = b"This disc needs a reader for UDF.") -> bytes:
    """A DVD in UDF, with a note in ISO 9660 as many programs write it, or without ISO 9660 (`alone`)."""
    disc = pycdlib.PyCdlib()
    disc.new(interchange_level=3, udf="2.60")
    disc.add_fp(io.BytesIO(note), len(note), iso_path="/README.TXT;1")
    folders: set[str] = set()
    for path, content in files.items():
        parts = path.split("/")
        for depth in range(1, len(parts)):
            folder = "/".join(parts[:depth])
            if folder not in folders:
                folders.add(folder)
                disc.add_directory(udf_path=f"/{folder}")
        disc.add_fp(io.BytesIO(content), len(content), udf_path=f"/{path}")
    out = io.BytesIO()
    disc.write_fp(out)
    disc.close()
    raw = bytearray(out.getvalue())
    if alone:  # its own three descriptors come first then
        first = raw.index(b"\0BEA01")
        own = raw[first : first + 3 * 2048]
        raw[16 * 2048 : first + len(own)] = own + bytes(first - 16 * 2048)
    return bytes(raw)
