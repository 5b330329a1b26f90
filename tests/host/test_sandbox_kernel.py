"""What the patches of harness/kernel must not break: clocks and memory of the sandbox's processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from offnet.artifacts import uml
from offnet.host.sandbox import Sandbox

pytestmark = pytest.mark.lab

CLOCK = """
import ctypes, mmap, time
MONOTONIC, CLOCK_GETTIME, SLACK = 1, 228, 1000  # nanoseconds; the kernel counts in steps of 256
libc = ctypes.CDLL(None)
class Time(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]
    def all(self):
        return self.seconds * 10**9 + self.nanoseconds
def from_kernel():
    now = Time()
    assert libc.syscall(CLOCK_GETTIME, MONOTONIC, ctypes.byref(now)) == 0
    return now.all()
for _ in range(2000):
    before, seen, after = from_kernel(), time.clock_gettime_ns(MONOTONIC), from_kernel()
    assert before - SLACK <= seen <= after + SLACK, (before, seen, after)
    fresh = Time.from_buffer(mmap.mmap(-1, mmap.PAGESIZE))  # a page that nobody has touched yet
    assert libc.clock_gettime(MONOTONIC, ctypes.byref(fresh)) == 0
    assert after - SLACK <= fresh.all() <= from_kernel() + SLACK
assert abs(time.time() - time.clock_gettime(5)) < 1  # CLOCK_REALTIME_COARSE
"""

PRIVATE = """
import mmap, os
PAGE, PAGES = mmap.PAGESIZE, 40
content = b"".join(bytes([page + 1]) * PAGE for page in range(PAGES))
with open("/run/pages", "wb") as file:
    file.write(content)
with open("/run/pages", "r+b") as file:
    seen = mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE)
for page in (0, 11, 23, PAGES - 1):
    seen[page * PAGE] = 255
    expected = bytearray(content)
    for written in (0, 11, 23, PAGES - 1):
        if written <= page:
            expected[written * PAGE] = 255
    assert seen[:] == bytes(expected)
child = os.fork()
if child == 0:
    seen[5 * PAGE : 6 * PAGE] = b"c" * PAGE
    os._exit(0 if seen[6 * PAGE] == 7 else 1)
assert os.waitpid(child, 0)[1] == 0
assert seen[:] == bytes(expected)
assert open("/run/pages", "rb").read() == content
"""

PROTECTED = """
import ctypes, mmap, os, signal
PAGE, READ = mmap.PAGESIZE, 1
memory = mmap.mmap(-1, 16 * PAGE)
address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(address + 3 * PAGE), PAGE, READ) == 0
memory[0] = memory[4 * PAGE] = 1
assert [page for page in range(16) if memory[page * PAGE]] == [0, 4]
assert sum(memory[:]) == 2
child = os.fork()
if child == 0:
    memory[3 * PAGE] = 1
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGSEGV
"""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, image: Path, kernel: Path) -> Iterator[Sandbox]:
    sandbox = Sandbox.start(tmp_path_factory.mktemp("sandbox"), image=image, kernel=kernel)
    yield sandbox
    sandbox.stop()


def test_all_patches_are_in_the_kernel(kernel: Path) -> None:
    assert (kernel.parent / "patches").read_text().split() == list(uml.PATCHES)


@pytest.mark.parametrize("program", [CLOCK, PRIVATE, PROTECTED], ids=["clock", "private", "protected"])
def test_a_program_sees_what_any_kernel_shows(sandbox: Sandbox, program: str) -> None:
    """The monotonic clock; private pages of a file beside one written to; pages closed to writing."""
    done = sandbox.host.run(("python3", "-c", program), timeout=60, check=False)
    assert (done.code, done.stderr) == (0, "")
