"""Debian's packages: which are missing here, and installing them where this user may."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import front, steps

LIGHTER_BROWSER = "chromium-headless-shell"


def missing_debian_packages(what: str) -> list[str]:
    """Names the Debian packages whose effect is not found on this machine."""
    if what == "services":
        return _missing_services()
    missing = [] if _module_exists("ensurepip") else [f"python3.{sys.version_info.minor}-venv"]
    if what != "lint":
        libraries = {
            "libpango-1.0-0": "libpango-1.0.so.0",
            "libpangoft2-1.0-0": "libpangoft2-1.0.so.0",
            "libharfbuzz-subset0": "libharfbuzz-subset.so.0",
        }
        missing += [package for package, library in libraries.items() if not _library_loads(library)]
        if not any(Path("/usr/share/fonts").rglob("DejaVuSans.ttf")):
            missing.append("fonts-dejavu-core")
        if front.system_node() is None and not _library_loads("libatomic.so.1"):
            missing.append("libatomic1")
    if what == "test":
        programs = {
            _browser(): _browser(),
            "dcmtk": "dcmdjpeg",
            "ffmpeg": "ffmpeg",
            "firefox-esr": "firefox-esr",
            "gettext": "msgfmt",
            "tesseract-ocr": "tesseract",
        }
        missing += [package for package, program in programs.items() if shutil.which(program) is None]
    return missing


def _browser() -> str:
    """Debian has a Chromium without a desktop, which is lighter to test with; the whole one does where nothing may be installed."""
    release = Path("/etc/os-release")
    debian = release.exists() and "ID=debian" in release.read_text().splitlines()
    return LIGHTER_BROWSER if debian and (_apt_get() or not shutil.which("chromium")) else "chromium"


def _missing_services() -> list[str]:
    missing = [] if any(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or shutil.which("initdb") else ["postgresql"]
    return missing if shutil.which("redis-server") else [*missing, "redis-server"]


def install_debian_packages(packages: list[str]) -> None:
    """Installs packages when this user may.

    Raises:
        steps.Stop: with the one command to give, when packages are missing and may not be installed here.
    """
    if not packages:
        return
    apt = _apt_get()
    if apt is None:
        raise steps.Stop(
            f"please install first: sudo apt-get install {' '.join(packages)}   (or your system's equivalents)"
        )
    steps.say(f"Installing Debian packages: {' '.join(packages)}")
    install = [*apt, "install", "-qq", "--yes", "--no-install-recommends"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    wished = [LIGHTER_BROWSER] if LIGHTER_BROWSER in packages and shutil.which("chromium") else []
    if needed := [package for package in packages if package not in wished]:
        steps.run([*apt, "update", "-qq"], environment=environment, tries=steps.TRIES)
        steps.run([*install, *needed], environment=environment, tries=steps.TRIES)
    try:
        for command in ([*apt, "update", "-qq"], [*install, *wished]) if wished else ():
            steps.run(command, environment=environment, silent=True)
    except steps.Stop:
        steps.say(f"  {LIGHTER_BROWSER} could not be installed; the tests take the chromium that is here")


def _apt_get() -> list[str] | None:
    """The command that installs packages without asking, or None."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return ["apt-get"]
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return ["sudo", "-n", "--preserve-env=DEBIAN_FRONTEND", "apt-get"]
    return None


def _module_exists(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _library_loads(name: str) -> bool:
    """Whether the dynamic linker finds a library: what counts is that it loads, not which package brought it."""
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
