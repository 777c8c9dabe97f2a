"""The confined child: no network, bounded memory and time, one bad file harms no other, nothing it says is believed unchecked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from portal.core import readability
from records import checks, nursery, sandbox
from records.child import protocol
from records.child.protocol import ProtocolError, parse_result
from records.refusals import REFUSALS
from records.sandbox import ChildInput, Limits, SandboxUnavailable, run_batch
from records.told import OWN
from tests.factories.dicom import make_ct_series
from tests.factories.documents import make_image, make_pdf
from tests.records.helpers import descriptors, one, run

BOOBY_TRAP = """
import sys, os, time; sys.path.insert(0, sys.argv.pop())
from records.child import handle as module
real = module.handle
def handle(entry, work, limits):
    word = os.pread(entry["fd"], 8, 0)
    if word == b"CRASH---": os.abort() if False else os.kill(os.getpid(), 11)
    if word == b"FOREVER-":
        while True: pass
    if word == b"SLEEP---": time.sleep(600)
    if word == b"EATMORE-": [bytearray(1 << 24) for _ in iter(int, 1)]
    if word == b"LIES----": return {"status": "ready", "code": "", "kind": "dicom", "media_type": "a/b", "flags": [],
                                    "data": {"thumbnail": "../../etc/passwd"}, "outputs": []}
    return real(entry, work, limits)
module.handle = handle
from records.child.__main__ import main
sys.exit(main())
"""


@pytest.fixture
def trapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that dies in several ways at the right words."""
    monkeypatch.setattr(sandbox, "_BOOT", BOOBY_TRAP)


def test_network_is_blocked_in_the_child() -> None:
    assert sandbox.network_is_blocked()


def test_network_is_reached_without_the_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The canary can sing: without the filter it does reach the listener."""
    boot = sandbox._BOOT.replace("from records.child.__main__", "from records.child import confine; "
                                 "confine.block_network = lambda: None; from records.child.__main__")  # fmt: skip
    monkeypatch.setattr(sandbox, "_BOOT", boot)
    assert not sandbox.network_is_blocked()


def test_canary_writes_and_reads_nothing_outside_its_folder() -> None:
    found = sandbox.canary()
    assert (found.wrote, found.read, found.locked_in) == (False, False, True)


def test_canary_writes_and_reads_without_landlock(monkeypatch: pytest.MonkeyPatch) -> None:
    boot = sandbox._BOOT.replace("from records.child.__main__", "from records.child import confine; "
                                 "confine.keep_inside = lambda work, **_: None; from records.child.__main__")  # fmt: skip
    monkeypatch.setattr(sandbox, "_BOOT", boot)
    found = sandbox.canary()
    assert (found.wrote, found.read, found.locked_in) == (True, True, False)


def test_canary_tells_what_of_this_machine_can_be_read() -> None:
    """Portals are often installed below /opt: their data and keys must not be among the programs that a child may read."""
    assert sandbox.canary(forbidden=[Path("/opt"), Path("/etc/passwd")]).locked_in
    assert sandbox.canary(forbidden=[Path(sys.prefix)]).read, "it would say so"


def test_start_asks_whether_keys_and_data_can_be_read(
    monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    asked: list[Path] = []

    def canary(*, forbidden: Sequence[Path]) -> sandbox.Canary:
        asked.extend(forbidden)
        return sandbox.Canary(confined=True, reached=False, wrote=False, read=True)

    monkeypatch.setattr(sandbox, "canary", canary)
    settings.DATA_DIR = tmp_path
    assert not checks.confined.__wrapped__()
    assert asked == [tmp_path, tmp_path / "secrets.json", sandbox.ROOT / ".env"]


CLIMBER = """
import sys, os; sys.path.insert(0, sys.argv.pop())
from records.child import handle as module
def attempt(name, *arguments):
    try:
        getattr(os, name)(*arguments)
        return True
    except OSError:
        return False
def handle(entry, work, limits):
    target = os.pread(entry["fd"], 4096, 0).decode()
    done = [name for name, arguments in {
        "truncate": (target, 0), "chmod": (target, 0o777), "unlink": (target,), "rename": (target, target + "x"),
        "link": (target, str(work / "stolen")), "symlink": ("/", target + ".link"), "mkdir": (target + ".d",),
        "utime": (target,),
    }.items() if attempt(name, *arguments)]
    return {"status": "ready", "code": "", "kind": "text", "media_type": "text/plain", "flags": [], "data": {"done": done},
            "outputs": []}
module.handle = handle
from records.child.__main__ import main
sys.exit(main())
"""


def test_child_changes_nothing_outside_its_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each way to write that needs no open file: cut, move, link, make, touch."""
    monkeypatch.setattr(sandbox, "_BOOT", CLIMBER)
    work, target = tmp_path / "work", tmp_path / "original"
    work.mkdir()
    target.write_text("sacred")
    assert one(str(target).encode(), work).data["done"] == []
    assert (sorted(p.name for p in tmp_path.iterdir()), target.read_text()) == (["original", "work"], "sacred")
    monkeypatch.setattr(sandbox, "_BOOT", CLIMBER.replace("def handle", "from records.child import confine; "
                        "confine.keep_inside = lambda work, **_: None; confine.block_network = lambda: None\ndef handle"))  # fmt: skip
    assert len(one(str(target).encode(), work).data["done"]) > 2


def test_child_refuses_to_run_unconfined(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    boot = sandbox._BOOT.replace(
        "from records.child.__main__",
        "from records.child import confine; confine._ARCHITECTURES.clear(); from records.child.__main__",
    )
    monkeypatch.setattr(sandbox, "_BOOT", boot)
    with pytest.raises(SandboxUnavailable):
        sandbox.network_is_blocked()
    with descriptors([make_pdf()]) as (fd,):
        with pytest.raises(SandboxUnavailable):
            run_batch([ChildInput("a", fd)], work=tmp_path)
        assert run_batch([ChildInput("a", fd)], work=tmp_path, allow_unconfined=True)[0].status == "ready"


@pytest.mark.parametrize(
    ("word", "code", "limits"),
    [
        (b"CRASH---", "unsafe_crash", Limits()),
        (b"FOREVER-", "unsafe_time", Limits(cpu=1)),
        (b"SLEEP---", "unsafe_time", Limits(wall=1.5)),
        (b"EATMORE-", "unsafe_memory", Limits()),
        (b"LIES----", "unsafe_crash", Limits()),
    ],
)
def test_run_batch_refuses_only_the_culprit(
    trapped: None, tmp_path: Path, word: bytes, code: str, limits: Limits
) -> None:
    good = make_ct_series(4, 16)
    results = run([good[0], good[1], word, good[2], good[3]], tmp_path, limits=limits)
    assert [r.status for r in results] == ["ready", "ready", "rejected", "ready", "ready"]
    assert results[2].code == code
    assert [r.key for r in results] == list("01234")
    for result in results:
        for output in result.outputs:
            assert (tmp_path / output.name).stat().st_size == output.size


def test_run_batch_finds_two_culprits(trapped: None, tmp_path: Path) -> None:
    good = make_ct_series(2, 16)
    results = run([b"CRASH---", good[0], b"CRASH---", good[1]], tmp_path)
    assert [r.status for r in results] == ["rejected", "ready", "rejected", "ready"]


def test_run_batch_stays_within_the_memory_limit(tmp_path: Path) -> None:
    scan = make_image("PNG", (6000, 6000))
    (tight,) = run([scan], tmp_path, limits=Limits(memory=330 << 20))
    assert (tight.status, tight.code, list(tmp_path.iterdir())) == ("rejected", "unsafe_memory", [])
    assert one(scan, tmp_path).status == "ready"


def test_on_progress_is_called_and_may_abort(trapped: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "TICK", 0.05)

    class LeaseLost(Exception):
        pass

    def progress() -> None:
        raise LeaseLost

    started: list[nursery.Child] = []
    real = sandbox._start

    def start(*args: Any, **options: Any) -> nursery.Child:
        started.append(real(*args, **options))
        return started[-1]

    monkeypatch.setattr(sandbox, "_start", start)
    with descriptors([b"SLEEP---"]) as (fd,), pytest.raises(LeaseLost):
        run_batch([ChildInput("a", fd)], work=tmp_path, on_progress=progress)
    assert started[0].returncode is not None


def test_child_dies_with_its_parent(tmp_path: Path) -> None:
    """Kill a parent that waits for a sleeping child; the child goes as well."""
    script = f"""
import os, sys; sys.path.insert(0, {str(sandbox.ROOT)!r})
from pathlib import Path
from records import sandbox
sandbox._BOOT = {BOOBY_TRAP!r}
fd = os.memfd_create("x"); os.write(fd, b"SLEEP---")
real = sandbox._start
def start(*a, **o):
    child = real(*a, **o); print(child.pid, flush=True); return child
sandbox._start = start
sandbox.run_batch([sandbox.ChildInput("a", fd)], work=Path({str(tmp_path)!r}))
"""
    import sys

    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        stat = Path(f"/proc/{child}/status")
        deadline = time.monotonic() + 120
        while "NoNewPrivs:\t1" not in stat.read_text() and time.monotonic() < deadline:
            os.sched_yield()
        parent.kill()
        parent.wait()
        while stat.exists() and "\nState:\tZ" not in stat.read_text() and time.monotonic() < deadline:
            os.sched_yield()
        assert not stat.exists() or "\nState:\tZ" in stat.read_text()


TELLTALE = BOOBY_TRAP.replace(
    'if word == b"CRASH---"',
    """if word == b"ENVIRONS":
        seen = [*os.environ, *open("/proc/self/environ").read().split(chr(0))]
        return {"status": "ready", "code": "", "kind": "text", "media_type": "text/plain", "flags": [], "data": {"seen": seen},
                "outputs": []}
    if word == b"CRASH---\"""",
)


def test_child_sees_no_secret_of_the_parent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MASTER_KEY", "do not tell")
    monkeypatch.setattr(nursery, "_started", None)
    monkeypatch.setattr(sandbox, "_BOOT", TELLTALE)
    seen = one(b"ENVIRONS", tmp_path).data["seen"]
    nursery.nursery().close()
    assert "LANG" in seen and any(word.startswith("LANG=") for word in seen)
    assert not any("MASTER_KEY" in word for word in seen)


def test_batch_waits_for_another_day_when_the_forking_process_is_killed(
    trapped: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It takes its children along, and no file is at fault; the next batch has a new one."""
    monkeypatch.setattr(sandbox, "TICK", 0.05)
    monkeypatch.setattr(nursery, "_started", None)
    home = nursery.nursery()

    def kill() -> None:
        os.kill(home.pid, signal.SIGKILL)

    with descriptors([b"SLEEP---"]) as (fd,), pytest.raises(SandboxUnavailable):
        run_batch([ChildInput("a", fd)], work=tmp_path, on_progress=kill)
    assert one(make_pdf(), tmp_path).status == "ready"
    assert nursery.nursery().pid != home.pid
    nursery.nursery().close()


def test_a_forking_process_that_does_not_answer_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nursery, "ANSWER_SECONDS", 0.05)
    home = nursery.Nursery()
    os.kill(home.pid, signal.SIGSTOP)
    with home._lock, pytest.raises(SandboxUnavailable):
        home.child("", [])
    assert home.lives(), "who only waited for others' turn ends nothing"
    with pytest.raises(SandboxUnavailable):
        home.child("", [])
    assert not home.lives()


GOOD: dict[str, Any] = {
    "status": "ready", "code": "", "kind": "pdf", "media_type": "application/pdf", "flags": [],
    "data": {"pages": [{"image": "00000.p00001.jpg", "width": 1, "height": 1, "text": ""}]},
    "outputs": [["00000.p00001.jpg", 5]],
}  # fmt: skip


def test_parse_result_takes_a_good_result() -> None:
    assert parse_result(GOOD, key="a", size=10).outputs[0].size == 5


@pytest.mark.parametrize(
    "change",
    [
        {"status": "fine"},
        {"status": "rejected"},
        {"code": "made_up"},
        {"kind": "virus"},
        {"media_type": "text/html; charset=x"},
        {"flags": ["made_up"]},
        {"outputs": [["../../etc/passwd", 5]]},
        {"outputs": []},
        {"data": {"members": [{"name": "a", "file": "00000.m00001", "size": 3}]}},
        {"kind": "dicom", "data": {"index": {}}},
        {"status": "container"},
    ],
)
def test_parse_result_refuses_what_breaks_the_protocol(change: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        parse_result({**GOOD, **change}, key="a", size=10)


def test_frames_beyond_the_file_are_refused(tmp_path: Path) -> None:
    content = make_ct_series(1, 16)[0]
    result = one(content, tmp_path)
    message = {**result.to_json(), "outputs": [[o.name, o.size] for o in result.outputs]}
    assert parse_result(message, key="a", size=len(content)).data["frames"]["source"] == "original"
    bare = {**message, "data": {**message["data"], "digest": ""}}
    assert parse_result(bare, key="a", size=len(content), beginning=True).status == "ready"
    for wrong, beginning in ((bare, False), (message, True)):
        with pytest.raises(ProtocolError, match="digest"):
            parse_result(wrong, key="a", size=len(content), beginning=beginning)
    with pytest.raises(ProtocolError):
        parse_result(message, key="a", size=len(content) - 100)


def test_every_refusal_has_its_words() -> None:
    spoken = {"viewer_program", "dicomdir", "system_file", "kept_not_shown", "frames_not_shown", "video_not_shown"}
    spoken |= {"viewer_file", "unlocked", "office_not_shown"}
    assert set(REFUSALS) == protocol.REFUSALS | spoken
    assert all(str(w.what).endswith(".") and str(w.do).endswith((".", "!")) for w in REFUSALS.values())


def test_every_sentence_about_a_file_is_easy_to_read() -> None:
    for code, words in {**REFUSALS, **OWN}.items():
        assert readability.read(f"{words.what} {words.do}").easy, code
