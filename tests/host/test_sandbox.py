"""The sandbox, booted for real."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from offnet.errors import HostError, LabRunError
from offnet.host.process import Process
from offnet.host.sandbox import ROOTFS, Sandbox
from offnet.wait import until

pytestmark = pytest.mark.lab

_STARTER = """
import sys
from pathlib import Path
from offnet.host.sandbox import Sandbox
directory, image, kernel, keep = sys.argv[1:]
if keep == "boot":
    print("booting", flush=True)
sandbox = Sandbox.start(Path(directory), image=Path(image), kernel=Path(kernel))
if keep == "keep":
    sandbox.keep()
print("up", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, image: Path, kernel: Path) -> Iterator[Sandbox]:
    sandbox = Sandbox.start(
        tmp_path_factory.mktemp("sandbox"), image=image, kernel=kernel, files={"/run/offnet/hello": b"hi\n"}
    )
    yield sandbox
    sandbox.stop()


def starter(directory: Path, image: Path, kernel: Path, mode: str) -> subprocess.Popen[bytes]:
    """Another program that starts a sandbox, and waits for its own end."""
    argv = (sys.executable, "-c", _STARTER, str(directory), str(image), str(kernel), mode)
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def heard(program: subprocess.Popen[bytes]) -> bytes:
    assert program.stdout is not None
    return program.stdout.readline()


def living_in(directory: Path) -> list[int]:
    """The processes of this machine that run in a directory."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == directory and Process.find(int(entry.name)):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def emptied(directory: Path) -> None:
    """Wait for the end of all that runs in a directory: guest processes end a moment after their kernel."""
    until(
        lambda: not living_in(directory),
        what="the end of the sandbox",
        deadline=20,
        seen=lambda: living_in(directory),
    )


def test_commands_run_and_files_are_there_from_the_start(sandbox: Sandbox) -> None:
    done = sandbox.host.run(("cat", "/run/offnet/hello"), timeout=10)
    assert done.stdout == "hi\n"


def test_a_failing_command_is_not_a_lost_connection(sandbox: Sandbox) -> None:
    assert sandbox.host.run(("sh", "-c", "exit 3"), timeout=10, check=False).code == 3


def test_everything_is_writable_and_the_image_stays_as_it_is(sandbox: Sandbox) -> None:
    written = f"echo x >/etc/new && rm /etc/debian_version && [ ! -e {ROOTFS}/etc/new ]"
    script = f"{written} && cat {ROOTFS}/etc/debian_version"
    assert sandbox.host.run(("sh", "-c", script), timeout=10).stdout.strip()


def test_several_commands_run_at_once(sandbox: Sandbox) -> None:
    fifo = "/run/meet"
    sandbox.host.run(("mkfifo", fifo), timeout=10)
    with ThreadPoolExecutor(2) as pool:
        reader = pool.submit(sandbox.host.run, ("cat", fifo), timeout=10)
        pool.submit(sandbox.host.run, ("sh", "-c", f"echo met >{fifo}"), timeout=10).result()
        assert reader.result().stdout == "met\n"


def test_terminals_work(sandbox: Sandbox) -> None:
    stream = sandbox.host.stream(("tty",), tty=True)
    try:
        assert stream.stdout.read().strip() == b"/dev/pts/0"
    finally:
        stream.close()


def test_put_and_get(sandbox: Sandbox) -> None:
    files = {"a/b": os.urandom(200_000), "run.sh": b"#!/bin/sh\necho ran\n"}
    sandbox.host.put(files, "/run/put here")
    assert sandbox.host.get("/run/put here") == files
    assert sandbox.host.run(("/run/put here/run.sh",), timeout=10).stdout == "ran\n"


def test_large_transfers_arrive_whole_while_others_run(sandbox: Sandbox) -> None:
    data = os.urandom(2_000_000)
    with ThreadPoolExecutor(6) as pool:
        digests = [
            pool.submit(sandbox.host.run, ("md5sum",), input=data[: 40_000 * part], timeout=60)
            for part in range(1, 12)
        ]
        sandbox.host.put({"large": data}, "/run/large")
    seen = [digest.result().stdout.split()[0] for digest in digests]
    assert seen == [hashlib.md5(data[: 40_000 * part]).hexdigest() for part in range(1, 12)]  # noqa: S324 - a checksum
    assert sandbox.host.get("/run/large") == {"large": data}


def test_a_later_command_finds_it(sandbox: Sandbox) -> None:
    found = Sandbox.find(sandbox.directory)
    assert found is not None
    assert found.processes == sandbox.processes
    assert found.host.run(("echo", "found"), timeout=10).stdout == "found\n"


def test_it_has_no_network_and_no_files_of_this_machine(sandbox: Sandbox) -> None:
    links = sandbox.host.run(("ls", "/sys/class/net"), timeout=10).stdout.split()
    assert not [link for link in links if link.startswith(("eth", "en", "vec"))]
    mounts = sandbox.host.run(("cat", "/proc/mounts"), timeout=10).stdout
    assert "hostfs" not in mounts


@pytest.mark.parametrize("moment", ["boot", "up"])
def test_a_killed_program_takes_its_sandbox_with_it(
    tmp_path: Path, image: Path, kernel: Path, moment: str
) -> None:
    with starter(tmp_path, image, kernel, moment) as program:
        heard(program)
        until(lambda: living_in(tmp_path), what="the sandbox's processes", deadline=20)
        program.send_signal(signal.SIGKILL)
        emptied(tmp_path)


def test_a_killed_connection_takes_the_kernel_with_it(tmp_path: Path, image: Path, kernel: Path) -> None:
    sandbox = Sandbox.start(tmp_path, image=image, kernel=kernel)
    try:
        # in the middle of a transfer, when the guest is busiest
        stream = sandbox.host.stream(("sh", "-c", "cat >/dev/null"))
        stream.stdin.write(bytes(1 << 16))
        sandbox.processes[0].signal(signal.SIGKILL)
        until(lambda: not sandbox.processes[1].alive(), what="the end of the kernel", deadline=20)
        stream.close()
        emptied(tmp_path)
    finally:
        sandbox.stop()


def test_a_kept_sandbox_outlives_its_program(tmp_path: Path, image: Path, kernel: Path) -> None:
    with starter(tmp_path, image, kernel, "keep") as program:
        assert heard(program) == b"up\n"
        program.send_signal(signal.SIGKILL)
    found = Sandbox.find(tmp_path)
    assert found is not None
    try:
        assert found.host.run(("echo", "here"), timeout=10).stdout == "here\n"
    finally:
        found.stop()
    assert Sandbox.find(tmp_path) is None
    emptied(tmp_path)


def test_a_small_shared_memory_and_an_unwritable_home_do_not_matter(
    tmp_path: Path, image: Path, kernel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setattr("offnet.host.sandbox.MEMORY_PLACES", ("/proc", str(tmp_path)))
    sandbox = Sandbox.start(tmp_path, image=image, kernel=kernel)
    try:
        links = [entry.readlink() for entry in Path(f"/proc/{sandbox.processes[1].pid}/fd").iterdir()]
        assert any(str(link).startswith(str(tmp_path)) and "(deleted)" in str(link) for link in links)
    finally:
        sandbox.stop()
    emptied(tmp_path)


def test_a_kernel_that_does_not_start_is_told_with_its_words(tmp_path: Path, image: Path) -> None:
    kernel = tmp_path / "linux"
    kernel.write_text("#!/bin/sh\necho no such luck >&2\nexit 1\n")
    kernel.chmod(0o755)
    directory = tmp_path / "run"
    directory.mkdir()
    with pytest.raises(HostError, match=r"(?s)the sandbox did not start: .*no such luck"):
        Sandbox.start(directory, image=image, kernel=kernel)
    emptied(directory)


def test_a_lost_sandbox_is_named(tmp_path: Path, image: Path, kernel: Path) -> None:
    sandbox = Sandbox.start(tmp_path, image=image, kernel=kernel)
    sandbox.stop()
    with pytest.raises(LabRunError, match="sandbox: connection lost during true"):
        sandbox.host.run(("true",), timeout=10)
