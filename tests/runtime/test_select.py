"""The choice of host and runtime."""

from __future__ import annotations

from pathlib import Path

import pytest

from offnet.errors import HostError, UsageError
from offnet.runtime import probe, select
from offnet.runtime.select import Choice


def obstructed(monkeypatch: pytest.MonkeyPatch, words: str | None) -> None:
    monkeypatch.setattr(probe, "obstacle", lambda: words)


def test_natively_where_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    obstructed(monkeypatch, None)
    assert select.choose() == Choice("local", "netns", "this machine's kernel has all that the labs need")


def test_else_in_the_sandbox_and_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    obstructed(monkeypatch, "this machine's kernel lacks VRF")
    assert select.choose() == Choice("sandbox", "netns", "this machine's kernel lacks VRF")


def test_containerlab_runs_natively_where_docker_does_too(monkeypatch: pytest.MonkeyPatch) -> None:
    obstructed(monkeypatch, None)
    monkeypatch.setattr(probe, "container_obstacle", lambda: None)
    assert select.choose(runtime="containerlab").host == "local"
    obstructed(monkeypatch, "this machine's kernel lacks VRF")
    assert select.choose(runtime="containerlab") == Choice(
        "sandbox", "containerlab", "this machine's kernel lacks VRF"
    )


def test_what_containerlab_lacks_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    obstructed(monkeypatch, None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert select.choose(runtime="containerlab").reason == "containerlab is not installed on this machine"
    (tmp_path / "containerlab").touch(mode=0o755)
    monkeypatch.setattr(probe, "SOCKET", str(tmp_path / "docker.sock"))
    with pytest.raises(HostError, match=r"Docker does not run on this machine .*; use --host sandbox"):
        select.choose("local", "containerlab")


def test_the_user_may_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    obstructed(monkeypatch, None)
    assert select.choose("sandbox").host == "sandbox"
    assert select.choose("ssh://root@server:2222", "netns").host == "ssh://root@server:2222"


def test_local_is_refused_where_it_cannot_work(monkeypatch: pytest.MonkeyPatch) -> None:
    obstructed(monkeypatch, "native namespaces need root, and this is an ordinary user")
    with pytest.raises(HostError, match=r"need root.*use --host sandbox"):
        select.choose("local")


@pytest.mark.parametrize(("host", "runtime"), [("moon", None), (None, "qemu"), ("sandbox", "vm")])
def test_unknown_names_are_refused(
    host: str | None, runtime: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    obstructed(monkeypatch, None)
    with pytest.raises(UsageError, match="no such"):
        select.choose(host, runtime)


def test_an_ordinary_user_cannot_run_natively(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert "need root" in str(probe.obstacle())


def test_missing_tools_name_their_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "ip (iproute2)" in str(probe.obstacle())
