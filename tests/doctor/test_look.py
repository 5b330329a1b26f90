"""Looking at Docker, containerlab and settings, on sockets, commands and files of the test's own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import UnixStreamServer

import pytest

from offnet.doctor import look
from offnet.doctor.facts import Containerlab
from offnet.host.docker_refusal import Refusal

CONTAINERLAB = """#!/bin/sh
cat <<END
  ____ ___  _   _ _____
 version: 0.79.0
     commit: 52dd04bd1
       date: 2026-10-01T00:00:00Z
END
"""
VERSION = b'{"Version": "26.1.5+dfsg1", "ApiVersion": "1.45", "MinAPIVersion": "1.24", "Os": "linux"}'


class _Engine(BaseHTTPRequestHandler):
    """Says what dockerd 26.1 of Debian says to a question for its version."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(VERSION)))
        self.end_headers()
        self.wfile.write(VERSION)

    def address_string(self) -> str:
        return "a client"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class has it
        pass


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[str]:
    """The address of something that answers like a Docker daemon."""
    path = tmp_path / "docker.sock"
    with UnixStreamServer(str(path), _Engine) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"unix://{path}"
        server.shutdown()
        thread.join()


def test_a_daemon_that_answers(daemon: str) -> None:
    seen = look.docker({"DOCKER_HOST": daemon})
    assert (seen.address, seen.version, seen.api, seen.refusal) == (daemon, "26.1.5+dfsg1", "1.45", None)


def test_no_socket(tmp_path: Path) -> None:
    assert look.docker({"DOCKER_HOST": f"unix://{tmp_path}/none"}).refusal is Refusal.ABSENT


def test_a_socket_that_nobody_listens_to(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "left"))
    assert look.docker({"DOCKER_HOST": f"unix://{tmp_path}/left"}).refusal is Refusal.STOPPED


def test_a_daemon_elsewhere_that_cannot_be_reached() -> None:
    seen = look.docker({"DOCKER_HOST": "tcp://127.0.0.1:1"})
    assert seen.refusal is Refusal.OTHER
    assert "refused" in seen.words


def test_containerlab(tmp_path: Path) -> None:
    command = tmp_path / "containerlab"
    command.write_text(CONTAINERLAB)
    command.chmod(0o4755)
    seen = look.containerlab(str(tmp_path))
    assert (seen.path, seen.version, seen.setuid) == (str(command), "0.79.0", True)
    assert look.containerlab(str(tmp_path / "elsewhere")) == Containerlab()


def test_settings(tmp_path: Path) -> None:
    files = {
        "proc/sys/user/max_user_namespaces": "0\n",
        "proc/modules": "vrf 45056 0 - Live 0x0\nnf_tables 1 2 - Live 0x0\n",
        "sys/kernel/security/apparmor/profiles": "a (b) c (complain)\n/usr/sbin/cupsd (enforce)\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    seen = look.settings(tmp_path)
    assert seen.sysctls == {"user.max_user_namespaces": "0"}
    assert seen.modules == ("vrf", "nf_tables")
    assert seen.apparmor == {"a (b) c": "complain", "/usr/sbin/cupsd": "enforce"}


def test_profiles_that_may_not_be_read_are_none(tmp_path: Path) -> None:
    assert look.settings(tmp_path).apparmor is None


def test_this_machine_can_be_looked_at() -> None:
    assert look.facts().user.name
