"""What starts a real installation, checked without an engine: names that must agree, and mistakes that compose would refuse."""

from __future__ import annotations

import ast
import fnmatch
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from portal.bootstrap import debian, front, prepare, steps

ROOT = Path(settings.BASE_DIR)
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
EXAMPLE = dict(re.findall(r"^([A-Z0-9_]+)=([^#\n]*)", (ROOT / ".env.example").read_text(), re.M))
KEYS = frozenset(
    "build cap_add cap_drop command depends_on env_file environment healthcheck image logging mem_limit networks pids_limit "
    "ports read_only restart security_opt shm_size stop_grace_period tmpfs user volumes".split()
)
"""Keys of a service (compose specification) that this file uses; another one is a typing error until it is added here."""
OTHERS = frozenset({"DOMAIN", "POSTGRES_PASSWORD", "APP_POSTGRES_PASSWORD", "REDIS_PASSWORD", "CONSILIUM_VERSION"})
"""Values for the other services of the compose file."""


def read_by_settings() -> set[str]:
    """Names of the environment that the portal reads."""
    found: set[str] = set()
    texts = [path.read_text() for path in [*(ROOT / "portal").rglob("*.py"), *(ROOT / "records").rglob("*.py")]]
    for text in texts:
        for node in ast.walk(ast.parse(text)) if "env." in text else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                owner, name = node.func.value, node.args[0]
                if isinstance(owner, ast.Name) and owner.id == "env" and isinstance(name, ast.Constant):
                    found.add(str(name.value))
    return found


def given_to_portal() -> set[str]:
    return {name for service in SERVICES.values() if "env_file" in service for name in service.get("environment", {})}


def interpolated() -> set[str]:
    return set(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)", (ROOT / "docker-compose.yml").read_text()))


def test_every_service_is_one_that_compose_takes() -> None:
    assert set(COMPOSE) - {"services", "volumes", "networks"} == {key for key in COMPOSE if key.startswith("x-")}
    for name, service in SERVICES.items():
        assert set(service) <= KEYS, name
        assert service.get("image"), name
        assert not re.search(r":latest$|^[^:]+$", service["image"]), f"{name} has no fixed version"
        for network in service.get("networks", []):
            assert network in COMPOSE["networks"], (name, network)
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            known = (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]
            assert known, (name, source)


def test_nobody_waits_for_what_never_comes() -> None:
    checked = {name for name, one in SERVICES.items() if one.get("healthcheck", {}).get("test")}
    image = "HEALTHCHECK" in DOCKERFILE
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            needed = SERVICES[other]
            if how["condition"] == "service_completed_successfully":
                assert needed.get("restart") == "no", (name, other)
            else:
                own = "env_file" in needed and image and not needed.get("healthcheck", {}).get("disable")
                assert other in checked or own, (name, other)
            shared = set(service["networks"]) & set(needed["networks"])
            assert shared, (name, other)


def test_services_have_no_privilege_that_they_do_not_need() -> None:
    for name, service in SERVICES.items():
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["cap_drop"] == ["ALL"], name
        assert "ports" not in service or name == "proxy"
    assert COMPOSE["networks"]["inside"]["internal"] is True
    for name in ("postgres", "redis", "cache", "s3"):
        assert SERVICES[name]["networks"] == ["inside"]


def test_every_name_in_compose_and_example_is_read_by_somebody() -> None:
    known = read_by_settings() | OTHERS
    assert (given_to_portal() | set(EXAMPLE)) - known == set()
    assert interpolated() - set(EXAMPLE) == {"CONSILIUM_VERSION"}


def test_every_name_that_is_read_is_documented() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    assert sorted(name for name in read_by_settings() if f"`{name}`" not in text) == []


def test_secrets_have_no_value_in_the_example() -> None:
    for name, value in EXAMPLE.items():
        if re.search(r"SECRET|KEY|PASSWORD", name):
            assert not value.strip(), name


def test_dockerfile_copies_what_exists() -> None:
    ignored = [line for line in (ROOT / ".dockerignore").read_text().split() if not line.startswith("#")]
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.M):
        *sources, _target = shlex.split(line)
        for source in sources:
            assert (ROOT / source).exists(), source
            assert not any(fnmatch.fnmatch(source.rstrip("/"), shape) for shape in ignored), source
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    copied = set(re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.M))
    assert packages <= copied


def test_image_has_the_debian_packages_that_the_set_up_installs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "_library_loads", lambda _: False)
    monkeypatch.setattr(front, "system_node", lambda: Path("node"))
    monkeypatch.setattr(debian, "_module_exists", lambda _: True)
    monkeypatch.setattr(debian.Path, "rglob", lambda *_: iter(()))
    monkeypatch.setattr(debian.shutil, "which", lambda _: None)
    (installed,) = re.findall(r"apt-get install -y --no-install-recommends ([^&]+)&&", DOCKERFILE)
    missing = set(debian.missing_debian_packages("run")) - set(installed.split())
    assert missing == set()
    extra = {name for name in installed.split() if not name.startswith("$")} - set(
        debian.missing_debian_packages("test")
    )
    assert extra <= set(re.findall(r"`([a-z0-9-]+)`", (ROOT / "docs" / "operations.md").read_text()))


def test_who_may_not_install_reads_the_one_command_to_give(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(steps, "STATE", tmp_path)
    monkeypatch.setattr(debian, "_apt_get", lambda: None)
    monkeypatch.setattr(debian, "missing_debian_packages", lambda what: ["libpango-1.0-0", "python3.11-venv"])
    assert prepare.main(["run"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert "sudo apt-get install libpango-1.0-0 python3.11-venv" in said[0]


def test_web_server_of_the_image_is_the_one_that_is_tested() -> None:
    from portal.core.management.commands.serve import QUIET_LOG, WORKER_CLASS

    (command,) = re.findall(r"^CMD (\[.+\])$", DOCKERFILE, re.M)
    words = ast.literal_eval(command)
    assert words[:2] == ["gunicorn", "portal.wsgi:application"]
    assert {*QUIET_LOG, WORKER_CLASS} <= set(words)
