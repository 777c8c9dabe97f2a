"""The virtual environment, and what a lock file says belongs in it."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from . import steps


def make_virtual_environment() -> None:
    """Makes ``.venv``, anew when it belongs to another Python, another folder or an interrupted run."""
    identity = f"{sys.version_info[:3]} {steps.VENV}"
    if steps.PYTHON.exists() and steps.stamp("venv") == identity and steps.stamp("installing") is None:
        return
    steps.say("Making the virtual environment .venv")
    for name in ("venv", "installing", "compiled", *set(steps.REQUIREMENTS.values()), "requirements-front.txt"):
        steps.forget(name)
    shutil.rmtree(steps.VENV, ignore_errors=True)
    steps.run([sys.executable, "-m", "venv", str(steps.VENV)])
    steps.remember("venv", identity)


def install_requirements(lock: str) -> None:
    """Installs a lock file, every archive checked against its hash, if the file changed since the last time."""
    if not (steps.ROOT / lock).exists():
        return
    wanted = steps.hash_of([steps.ROOT / lock])
    if steps.stamp(lock) == wanted or (lock == "requirements.txt" and _stamp_covers_run()):
        return
    steps.say(f"Installing {lock} (a few minutes the first time)")
    steps.remember("installing", lock)
    steps.forget("compiled")
    if not _install_with_uv(steps.ROOT / lock):
        steps.run(_pip(steps.ROOT / lock), tries=steps.TRIES)
    steps.remember(lock, wanted)
    if lock == "requirements-dev.txt":
        steps.remember("requirements-dev.txt covers", steps.hash_of([steps.ROOT / "requirements.txt"]))
    steps.forget("installing")


def _pip(lock: Path) -> list[str]:
    """Compiles nothing, since pip does it on one core."""
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-compile"]
    return [str(steps.PYTHON), "-m", "pip", "install", *quiet, "--require-hashes", "-r", str(lock)]


def _install_with_uv(lock: Path) -> bool:
    """Installs the same archives against the same hashes in a fraction of pip's time. False when pip has to do it.

    uv itself comes by pip, from the lock of the tools. Whatever keeps it from working, pip may still work.
    """
    locked = re.search(
        r"^uv==[^\n]+(?:\n +--hash[^\n]+)*$", (steps.ROOT / "requirements-dev.txt").read_text(), re.MULTILINE
    )
    if locked is None:
        return False
    alone = steps.STATE / "uv.txt"
    alone.write_text(f"{locked[0]}\n", encoding="utf-8")
    uv = [str(steps.VENV / "bin" / "uv"), "pip", "install", "--python", str(steps.PYTHON), "--quiet", "--no-progress"]
    # Any index may have the archive that the lock names: its hash decides, not the index's place in the list.
    uv += ["--index-strategy", "unsafe-best-match", "--require-hashes", "-r", str(lock)]
    try:
        steps.run(_pip(alone), silent=True)
        steps.run(uv, environment={**os.environ, **_pips_words_for_uv()}, silent=True)
    except (steps.Stop, OSError, ValueError, SyntaxError):
        steps.say("  uv could not do it; pip does")
        return False
    return True


def _pips_words_for_uv() -> dict[str, str]:
    """Where packages come from, as pip was told by its files and PIP_… variables, in the variables of uv, which reads neither."""
    listed = subprocess.run(
        [str(steps.PYTHON), "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    told: dict[str, str] = {}
    for scope in ("global.", "install.", ":env:."):  # a later one wins, as in pip
        for line in listed.stdout.splitlines():
            name, _, value = line.partition("=")
            if name.startswith(scope):
                told[name.removeprefix(scope)] = str(ast.literal_eval(value))
    names = {
        "index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "no-index": "UV_NO_INDEX", "cert": "SSL_CERT_FILE",
        "client-cert": "SSL_CLIENT_CERT", "proxy": "ALL_PROXY", "trusted-host": "UV_INSECURE_HOST",
        "default-timeout": "UV_HTTP_TIMEOUT", "timeout": "UV_HTTP_TIMEOUT",
    }  # fmt: skip
    found = {ours: " ".join(told[theirs].split()) for theirs, ours in names.items() if theirs in told}
    if "find-links" in told:
        found["UV_FIND_LINKS"] = ",".join(told["find-links"].split())
    return {name: value for name, value in found.items() if name not in os.environ}


def compile_ahead() -> None:
    """Writes Python's own cache of what changed: many short processes start, and those that read uploads may write nothing."""
    if steps.stamp("compiled") is None:
        _compile(*steps.VENV.glob("lib/python*/site-packages"))
        steps.remember("compiled", "yes")
    folders = [name for name in ("portal", "cases", "records", "specialists", "tests") if (steps.ROOT / name).is_dir()]
    _compile(*(steps.ROOT / name for name in folders))


def _compile(*folders: Path) -> None:
    """What does not compile is another Python's, or says so when it is imported."""
    command = [str(steps.PYTHON), "-m", "compileall", "-q", "-j", "0", *map(str, folders)]
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def _stamp_covers_run() -> bool:
    """Whether the development lock, which contains the other, was installed for the present requirements.txt."""
    installed = steps.stamp("requirements-dev.txt") == steps.hash_of([steps.ROOT / "requirements-dev.txt"])
    return installed and steps.stamp("requirements-dev.txt covers") == steps.hash_of([steps.ROOT / "requirements.txt"])
