"""The set-up's quick way: uv installs what the lock names from where pip was told to look, and pip does it when uv cannot."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from portal.bootstrap import debian, environment, steps

LISTED = """\
:env:.cert='/etc/ssl/own.crt'
:env:.no-input='1'
global.cert='/etc/ssl/older.crt'
global.extra-index-url='https://a.example/simple\\nhttps://b.example/simple'
global.index-url='https://files.example/simple'
install.find-links='/wheels /more'
install.trusted-host='files.example'
"""
LOCK = "alpha==1 \\\n    --hash=sha256:aa\nuv==0.9 \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\nzeta==2 \\\n    --hash=sha256:dd\n"


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What would be run, in a checkout of its own."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS", "UV_INSECURE_HOST", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "requirements-dev.txt").write_text(LOCK)
    for name, path in {"ROOT": tmp_path, "STATE": tmp_path, "VENV": tmp_path / ".venv"}.items():
        monkeypatch.setattr(steps, name, path)
    done: list[list[str]] = []
    monkeypatch.setattr(steps, "run", lambda command, **_: done.append(command))
    listed = subprocess.CompletedProcess([], 0, LISTED, "")
    monkeypatch.setattr(environment.subprocess, "run", lambda *_, **__: listed)
    return done


def test_uv_is_told_what_pip_was_told(commands: list[list[str]]) -> None:
    assert environment._pips_words_for_uv() == {
        "UV_DEFAULT_INDEX": "https://files.example/simple",
        "UV_INDEX": "https://a.example/simple https://b.example/simple",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_INSECURE_HOST": "files.example",
        "SSL_CERT_FILE": "/etc/ssl/own.crt",
    }


def test_what_uv_itself_was_told_stays(commands: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://own.example/simple")
    assert "UV_DEFAULT_INDEX" not in environment._pips_words_for_uv()


def test_uv_comes_by_its_hashes_and_installs_by_theirs(commands: list[list[str]], tmp_path: Path) -> None:
    environment.install_requirements("requirements-dev.txt")
    fetched, installed = commands
    assert "--require-hashes" in fetched and "--require-hashes" in installed
    assert (tmp_path / "uv.txt").read_text() == "uv==0.9 \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n"
    assert installed[0].endswith("/bin/uv") and installed[-1] == str(tmp_path / "requirements-dev.txt")


@pytest.mark.parametrize("fails_at", ["pip", "uv"])
def test_pip_installs_what_uv_cannot(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fails_at: str
) -> None:
    def run(command: list[str], *, silent: bool = False, **_: Any) -> None:
        commands.append(command)
        if silent and (command[0].endswith("/uv") == (fails_at == "uv")):
            raise steps.Stop("no")

    monkeypatch.setattr(steps, "run", run)
    environment.install_requirements("requirements-dev.txt")
    assert commands[-1][1:4] == ["-m", "pip", "install"] and "--require-hashes" in commands[-1]
    assert commands[-1][-1].endswith("requirements-dev.txt")
    assert "uv could not do it; pip does" in capsys.readouterr().out
    assert steps.stamp("requirements-dev.txt") and steps.stamp("installing") is None


@pytest.mark.parametrize("others", [[], ["ffmpeg"]])
def test_an_offline_machine_goes_on_with_the_browser_that_it_has(
    commands: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], others: list[str]
) -> None:
    def run(command: list[str], **_: Any) -> None:
        commands.append(command)
        if debian.LIGHTER_BROWSER in command:
            raise steps.Stop("no")

    monkeypatch.setattr(steps, "run", run)
    monkeypatch.setattr(debian, "_apt_get", lambda: ["apt-get"])
    monkeypatch.setattr(debian.shutil, "which", lambda name: f"/usr/bin/{name}")
    debian.install_debian_packages([debian.LIGHTER_BROWSER, *others])
    assert "the tests take the chromium that is here" in capsys.readouterr().out
    assert [command[-1] for command in commands if "install" in command] == [*others, debian.LIGHTER_BROWSER]
    monkeypatch.setattr(debian.shutil, "which", lambda name: None)
    with pytest.raises(steps.Stop):
        debian.install_debian_packages([debian.LIGHTER_BROWSER, *others])
