"""An edition as a ZIP of YAML files: bounded on the way in, reproducible on the way out. Knows no Django."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import IO

from portal.catalogue.reading import CatalogueError, Problem

MAX_ARCHIVE_BYTES = 2 * 1024**2
MAX_FILE_BYTES = 512 * 1024
MAX_TOTAL_BYTES = 4 * 1024**2
MAX_FILES = 100


def read(archive: IO[bytes]) -> dict[str, str]:
    """The texts of the YAML files in a ZIP, by name. One folder around all of them is taken off.

    Sizes are counted while unpacking: what the ZIP says about itself is not believed. Raises CatalogueError.
    """
    blob = archive.read(MAX_ARCHIVE_BYTES + 1)
    if len(blob) > MAX_ARCHIVE_BYTES:
        raise _refused("", f"is larger than {MAX_ARCHIVE_BYTES // 1024} kB")
    try:
        with zipfile.ZipFile(io.BytesIO(blob)) as opened:
            infos = [info for info in opened.infolist() if not info.is_dir() and not _junk(info.filename)]
            if len(infos) > MAX_FILES:
                raise _refused("", f"holds more than {MAX_FILES} files")
            prefix = _common_folder([info.filename for info in infos])
            texts: dict[str, str] = {}
            total = 0
            for info in infos:
                name = info.filename.removeprefix(prefix)
                if name in texts:
                    raise _refused(name, "is in the ZIP twice")
                with opened.open(info) as stream:
                    data = stream.read(MAX_FILE_BYTES + 1)
                total += len(data)
                if len(data) > MAX_FILE_BYTES or total > MAX_TOTAL_BYTES:
                    raise _refused(name, "is too large for a catalogue")
                texts[name] = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refused(name, "is not UTF-8 text") from error
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError, ValueError) as error:
        if isinstance(error, CatalogueError):
            raise
        raise _refused("", "cannot be opened: it is damaged, locked with a password, or no ZIP") from error
    return texts


def write(texts: Mapping[str, str]) -> bytes:
    """A ZIP of these files; the same files give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as opened:
        for name in sorted(texts):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            opened.writestr(info, texts[name])
    return out.getvalue()


def _refused(name: str, message: str) -> CatalogueError:
    return CatalogueError([Problem(name or "the ZIP file", "", message)])


def _junk(name: str) -> bool:
    """What macOS adds to a ZIP by itself."""
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1] in {".DS_Store", "Thumbs.db"}


def _common_folder(names: list[str]) -> str:
    if any(name == "edition.yaml" for name in names):
        return ""
    roots = {name.split("/", 1)[0] for name in names if "/" in name}
    return f"{roots.pop()}/" if len(roots) == 1 and all("/" in name for name in names) else ""
