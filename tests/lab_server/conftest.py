"""A lab server in a sandbox: Docker, the image of the nodes, containerlab."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from offnet import artifacts
from offnet.host.control import SOCKET as MASTER
from offnet.host.control import ControlledHost
from offnet.host.docker import SOCKET
from offnet.host.sandbox import Sandbox

Boot = Callable[..., ControlledHost]


@pytest.fixture(scope="session")
def lab_server() -> artifacts.LabServer:
    return artifacts.lab_server()


@pytest.fixture(scope="module")
def boot(lab_server: artifacts.LabServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Boot]:
    """Start a lab server; another disk for Docker may be given."""
    started: list[Sandbox] = []

    def start(disk: Path | None = None) -> ControlledHost:
        docker = replace(lab_server.docker, image=disk) if disk else lab_server.docker
        folder = tmp_path_factory.mktemp("server")
        started.append(Sandbox.start(folder, image=lab_server.root, kernel=lab_server.kernel, docker=docker))
        return started[-1].host

    yield start
    for sandbox in started:
        sandbox.stop()


@pytest.fixture(scope="module")
def server(boot: Boot) -> ControlledHost:
    return boot()


@pytest.fixture
def docker_host(server: ControlledHost, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The server's Docker is the one that this process reaches, as if it were the user's own."""
    with tempfile.TemporaryDirectory(prefix="offnet-docker-") as folder:
        local = f"{folder}/docker.sock"
        for action in ("forward", "cancel"):
            argv = ("ssh", "-F", "none", "-S", MASTER, "-O", action, "-L", f"{local}:{SOCKET}", "host")
            subprocess.run(argv, cwd=server.directory, check=True, timeout=10, capture_output=True)
            if action == "forward":
                monkeypatch.setenv("DOCKER_HOST", f"unix://{local}")
                yield
