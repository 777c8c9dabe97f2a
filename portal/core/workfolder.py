"""Where the confined child leaves what it derived: readable, for the time of one batch, and not a moment longer.

A worker that is killed cannot clean up. Each folder is locked by the process that uses it, and a lock ends with its process:
whoever comes next finds the folders that nobody holds and removes them.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings


@contextmanager
def work_folder() -> Iterator[Path]:
    """An empty folder that vanishes afterwards, at the latest when the next one is asked for."""
    with _root() as root:
        _sweep(root)
        made = Path(tempfile.mkdtemp(dir=root, prefix="batch-"))
        held = _locked(made, fcntl.LOCK_EX)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(held)


def room() -> int:
    """Bytes that may still be written below the work folders; the reserve is for everything else on that disk."""
    return max(0, shutil.disk_usage(settings.DATA_DIR).free - int(settings.DISK_RESERVE_BYTES))


def sweep() -> int:
    """Remove what killed workers left behind. Returns how many folders that were."""
    with _root() as root:
        return _sweep(root)


@contextmanager
def _root() -> Iterator[Path]:
    """The folder of work folders, to one process at a time: a folder is made and locked in one go."""
    root = Path(settings.DATA_DIR) / "work"
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = _locked(root, fcntl.LOCK_EX)
    try:
        yield root
    finally:
        os.close(held)


def _locked(folder: Path, how: int) -> int:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, how)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _sweep(root: Path) -> int:
    removed = 0
    for left in sorted(root.iterdir()):
        if not left.is_dir() or left.is_symlink():
            continue
        try:
            held = _locked(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, FileNotFoundError):
            continue  # at work, or gone by itself
        shutil.rmtree(left, ignore_errors=True)
        os.close(held)
        removed += 1
    return removed
