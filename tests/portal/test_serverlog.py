"""What the web server itself writes: no address, no header, no message of an exception."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from django.conf import settings

from portal.core.management.commands.serve import QUIET_LOG
from tests.factories.bucket import ports

APP = """
def application(environ, start_response):
    if "fail" in environ["PATH_INFO"]:
        raise ValueError("a record of CANARY")
    start_response("200 OK", [])
    return [b"ok"]
"""


def test_an_error_of_the_server_names_neither_address_nor_record(tmp_path: Path) -> None:
    (tmp_path / "canary_app.py").write_text(APP)
    (port,) = ports(1)
    command = [sys.executable, "-m", "gunicorn", "canary_app:application", "--bind", f"127.0.0.1:{port}"]
    command += ["--worker-class", "gthread", "--no-control-socket", "--log-level", "info", *QUIET_LOG]
    said = tmp_path / "said"
    path = os.pathsep.join([str(settings.BASE_DIR), str(tmp_path)])
    with said.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, stdout=out, stderr=out
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not ask(port, "/CANARY-fine"):
            assert time.monotonic() < deadline and process.poll() is None, said.read_text()
            time.sleep(0.05)  # a look at another process, which cannot ring
        assert ask(port, "/fail/CANARY-token?CANARY") == 500
        with closing(socket.create_connection(("127.0.0.1", port))) as raw:
            raw.sendall(b"GET /CANARY HTTP/1.1 CANARY\r\nHost: x\r\nCookie CANARY\r\n\r\n")
            assert b"400" in raw.recv(100)
    finally:
        process.terminate()
        process.wait()
    lines = said.read_text()
    assert "Error handling request" in lines
    assert "error=ValueError" in lines
    assert "canary_app.py:4" in lines
    assert "CANARY" not in lines


def ask(port: int, address: str) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        try:
            connection.request("GET", address)
            return connection.getresponse().status
        except OSError:
            return 0
