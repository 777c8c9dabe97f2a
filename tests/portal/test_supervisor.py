"""The supervisor on its own: small programs instead of the portal's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from portal import supervisor
from portal.supervisor import Child, Program, Supervisor

PATIENCE = 120


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-u", "-c", textwrap.dedent(code)]


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE} s in vain until {what}"
        time.sleep(0.02)


def is_alive(process: int) -> bool:
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def run(programs: list[Program], *, is_ready: Callable[[], bool] = lambda: True) -> tuple[int, list[str]]:
    lines: list[str] = []
    status = Supervisor(
        programs,
        environment=dict(os.environ),
        is_ready=is_ready,
        on_ready=lambda: lines.append("READY"),
        write=lines.append,
    ).run()
    return status, lines


def interrupt_when(condition: Callable[[], bool]) -> None:
    def wait_and_interrupt() -> None:
        wait_until(condition, "the programs do what the test waits for")
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=wait_and_interrupt, daemon=True).start()


def test_supervisor_shows_each_line_behind_its_programs_name(tmp_path: Path) -> None:
    done = tmp_path / "done"
    program = Program("web", python(f"print('one\\ntwo'); open({str(done)!r}, 'w'); import time; time.sleep(60)"))
    seen: list[str] = []
    interrupt_when(lambda: "web | two" in seen)
    status = Supervisor(
        [program], environment=dict(os.environ), is_ready=done.exists, on_ready=lambda: None, write=seen.append
    ).run()
    assert status == 0
    assert seen[:2] == ["web | one", "web | two"]


def test_supervisor_restarts_a_program_that_crashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "BACKOFF_SECONDS", (0.01,))
    starts = tmp_path / "starts"
    starts.touch()
    program = Program("worker", python(f"open({str(starts)!r}, 'a').write('x'); raise SystemExit(3)"))
    interrupt_when(lambda: len(starts.read_text()) >= 3)
    status, lines = run([program])
    assert status == 0
    assert any(line.startswith("worker ended (status 3); starting it again") for line in lines)


def test_supervisor_kills_what_a_crashed_program_left_in_its_group(tmp_path: Path) -> None:
    left = tmp_path / "left"
    code = f"""
        import os, subprocess, sys
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        open({str(left)!r} + ".new", "w").write(str(child.pid)); os.rename({str(left)!r} + ".new", {str(left)!r})
        os._exit(1)
    """
    interrupt_when(lambda: left.exists() and not is_alive(int(left.read_text())))
    run([Program("worker", python(code))])
    assert not is_alive(int(left.read_text()))


def test_supervisor_gives_up_when_an_essential_program_ends_before_the_portal_was_ready() -> None:
    web = Program("web", python("raise SystemExit('no such module')"), essential=True)
    other = Program("worker", python("import time; time.sleep(600)"))
    status, lines = run([web, other], is_ready=lambda: False)
    assert status == 1
    assert "web    | no such module" in lines
    assert any("web could not start" in line for line in lines)


def test_supervisor_kills_a_program_that_ignores_being_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 0.2)
    deaf = tmp_path / "deaf"
    code = f"""
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        open({str(deaf)!r} + ".new", "w").write(str(os.getpid())); os.rename({str(deaf)!r} + ".new", {str(deaf)!r})
        time.sleep(600)
    """
    interrupt_when(deaf.exists)
    run([Program("worker", python(code))])
    assert not is_alive(int(deaf.read_text()))


def test_pause_after_crash_grows_with_each_crash_and_shrinks_after_a_steady_time() -> None:
    child = Child(Program("worker", []), started=0.0)
    assert [child.pause_after_crash(1.0) for _ in range(8)] == [1, 2, 4, 8, 15, 30, 30, 30]
    assert child.pause_after_crash(supervisor.STEADY_SECONDS + 1) == 1


def test_watcher_ends_the_programs_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    started = tmp_path / "started"
    child = f"""
        import os, time
        open({str(started)!r} + ".new", "w").write(str(os.getpid())); os.rename({str(started)!r} + ".new", {str(started)!r})
        time.sleep(600)
    """
    parent = f"""
        import os
        from portal.supervisor import Program, Supervisor
        Supervisor([Program("child", {python(child)!r})], environment=dict(os.environ), is_ready=lambda: False,
                   on_ready=print, write=print).run()
    """
    root = Path(supervisor.__file__).parent.parent
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(parent)], cwd=root, stdout=subprocess.DEVNULL)
    try:
        wait_until(started.exists, "the program runs")
    finally:
        process.kill()
        process.wait()
    wait_until(lambda: not is_alive(int(started.read_text())), "the program was ended")
