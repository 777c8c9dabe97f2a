"""Asks LibreOffice's library for a PDF, in a process that may crash: lok.py FOLDER PROFILE SOURCE TARGET, the last three as file: URLs.

The library (LibreOfficeKit, LibreOfficeKit.h) and not the program: `soffice` does not start without sockets, which a confined child
has not. Loading through it never runs macros.
"""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any

LIBRARIES = ("libmergedlo.so", "libsofficeapp.so")
DOCUMENT_LOAD, SAVE_AS = 2, 2
"""Places in the tables of functions: after nSize and destroy, in LibreOfficeKitClass and in LibreOfficeKitDocumentClass."""


def main(folder: str, profile: str, source: str, target: str) -> int:
    hook = _library(folder).libreofficekit_hook_2
    hook.restype, hook.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_char_p]
    kit = hook(folder.encode(), profile.encode())
    if not kit:
        return 3
    document = _method(kit, DOCUMENT_LOAD, ctypes.c_void_p, ctypes.c_char_p)(kit, source.encode())
    if not document:
        return 4
    saved = _method(document, SAVE_AS, ctypes.c_int, *[ctypes.c_char_p] * 3)(document, target.encode(), b"pdf", None)
    return 0 if saved else 5


def _library(folder: str) -> ctypes.CDLL:
    path = next(path for name in LIBRARIES if os.path.exists(path := os.path.join(folder, name)))
    return ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)


def _method(thing: int, place: int, result: Any, *arguments: Any) -> Any:
    """The function at `place` in the table that the object's first word points to."""
    table = ctypes.cast(thing, ctypes.POINTER(ctypes.c_void_p))[0]
    address = ctypes.cast(table, ctypes.POINTER(ctypes.c_void_p))[place]
    return ctypes.CFUNCTYPE(result, ctypes.c_void_p, *arguments)(address)


if __name__ == "__main__":
    os._exit(main(*sys.argv[1:5]))  # the library's own farewell takes seconds and may hang
