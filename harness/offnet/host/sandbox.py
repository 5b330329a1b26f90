"""The sandbox: a user-mode Linux kernel as a process of this user, reached by SSH on a console."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files as resource_files
from pathlib import Path
from signal import SIGKILL
from time import monotonic

from offnet.errors import HostError
from offnet.host import archive, cpu, keys
from offnet.host.control import SOCKET, ControlledHost
from offnet.host.docker import MEMORY as DOCKER_MEMORY
from offnet.host.docker import DockerDisk, await_ready, require_space
from offnet.host.master import Master, lifeline
from offnet.host.process import Process
from offnet.wait import Deadline

ROOTFS = "/run/offnet/rootfs"
"""Where the guest shows the node root filesystem as it is in the image, read-only."""

MEMORY = 1024
"""MiB of address space of the guest; memory of this machine is taken as the guest touches it."""

MEMORY_PLACES = ("/dev/shm", "/var/tmp")  # noqa: S108 - the kernel makes an unguessable name, and unlinks it
"""Where the guest's memory may lie, best first; the run directory and the temporary one come after."""

_NAME = "sandbox"
_ID = "kernel"
_POWER_OFF = "echo o >/proc/sysrq-trigger"
_STOP_TIMEOUT = 5.0
_CONSOLE_LINES = 12
_PAYLOAD_DIRECTORIES = (
    "root", "work", "upper", "upper/root", "upper/run/sshd", "upper/run/offnet/rootfs",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox. ``processes`` are the SSH master and the kernel, in this order."""

    directory: Path
    processes: tuple[Process, ...]
    timings: Mapping[str, float] = field(default_factory=dict)
    master: Master | None = None

    @classmethod
    def start(
        cls,
        directory: Path,
        *,
        image: Path,
        kernel: Path,
        files: Mapping[str, bytes] | None = None,
        docker: DockerDisk | None = None,
        memory: int | None = None,
        deadline: float = 60.0,
    ) -> Sandbox:
        """Boot a sandbox in an empty directory and return once it takes commands.

        ``files`` (absolute guest paths) are there from the start. With a disk for Docker, and the
        root of a lab server as ``image``, the daemon serves when this returns. The sandbox lives
        as long as this process, and no longer, unless ``keep`` is called.
        """
        begun = monotonic()
        limit = Deadline(deadline)
        memory = memory or (DOCKER_MEMORY if docker else MEMORY)
        _prepare(directory, image, files or {}, docker)
        prepared = monotonic()
        disks = docker.kernel_arguments() if docker else ()
        with cpu.one_at_a_time():
            argv = _master_argv(_kernel_argv(kernel, memory, disks))
            master = Master(argv, directory, _environment(directory, memory))
            try:
                _await_boot(master, directory, limit)
            except BaseException:
                master.end()
                raise
        booted = monotonic()
        try:
            kernel_process = _kernel_process(directory)
            if kernel_process is None:
                raise HostError("the sandbox ended as soon as it had started")
            processes = (master.process, kernel_process)
            if docker:
                await_ready(ControlledHost(_NAME, directory), limit)
        except BaseException:
            master.end()
            raise
        timings = {"prepare": prepared - begun, "boot": booted - prepared}
        if docker:
            timings["docker"] = monotonic() - booted
        return cls(directory, processes, timings, master)

    @classmethod
    def find(cls, directory: Path) -> Sandbox | None:
        """The sandbox that runs in a directory, started by an earlier command; None if none does."""
        kernel = _kernel_process(directory)
        if kernel is None:
            return None
        master = kernel.parent()
        return cls(directory, (master, kernel) if master and _lives_in(master, directory) else (kernel,))

    @property
    def host(self) -> ControlledHost:
        """The guest as a host."""
        return ControlledHost(_NAME, self.directory)

    def alive(self) -> bool:
        """Whether both its processes run."""
        return all(process.alive() for process in self.processes)

    def keep(self) -> None:
        """Let it run until ``stop``, also after the end of this process."""
        if self.master is not None:
            self.master.keep()

    def stop(self) -> None:
        """Power it off, whoever started it; within seconds nothing of it is left but its directory."""
        self.host.disconnect()
        if self.master is not None:
            self.master.end()
        destroy(self.processes)


def destroy(processes: tuple[Process, ...], patience: float = _STOP_TIMEOUT) -> None:
    """See the processes of a sandbox end, and end them by force where they do not."""
    for process in reversed(processes):
        if not process.gone(patience):
            process.signal(SIGKILL)
            process.gone(patience)


def _prepare(directory: Path, image: Path, files: Mapping[str, bytes], docker: DockerDisk | None) -> None:
    for tool in ("ssh", "ssh-keygen"):
        if shutil.which(tool) is None:
            raise HostError(f"{tool} is missing on this machine; install the package openssh-client")
    made = keys.make(directory, _NAME)
    payload = {
        "boot/init.sh": _resource("sandbox-init.sh"),
        "boot/fstab": _resource("sandbox.fstab") + (docker.mounts() if docker else b""),
        "boot/sshd_config": _resource("sandbox.sshd_config"),
        "boot/host_key": made.host_key,
        "boot/authorized_keys": made.authorized_keys,
    }
    if docker:
        require_space(directory)
        payload |= docker.payload()
    payload |= {f"upper/{name.lstrip('/')}": content for name, content in files.items()}
    (directory / "payload.tar").write_bytes(
        archive.pack(payload, directories=_PAYLOAD_DIRECTORIES, private={"boot/host_key"})
    )
    (directory / "start-kernel.sh").write_bytes(_resource("start-kernel.sh"))
    (directory / "rootfs.img").symlink_to(image.absolute())


def _kernel_argv(kernel: Path, memory: int, disks: tuple[str, ...]) -> tuple[str, ...]:
    unpack = "mount -t tmpfs -o mode=755 tmpfs /run; tar -xf /dev/ubdb -C /run; exec sh /run/boot/init.sh"
    return (
        *("taskset", "--cpu-list", str(cpu.quietest())),
        str(kernel.absolute()),
        f"mem={memory}M",
        "seccomp=auto",  # the quick way to run guest processes, where this machine's kernel has it
        "ubd0r=rootfs.img",
        "ubd1r=payload.tar",
        *disks,
        "root=/dev/ubda",
        "rootfstype=ext4",
        "ro",
        "quiet",
        "con=null",
        "con0=null,fd:1",
        "con1=fd:3,fd:4",
        "con2=null,fd:5",
        "uml_dir=.",
        f"umid={_ID}",
        "init=/bin/sh",
        "--",
        "-c",
        f'"{unpack}"',
    )


def _master_argv(kernel: tuple[str, ...]) -> tuple[str, ...]:
    proxy = shlex.join(("/bin/sh", "start-kernel.sh", *kernel)).replace("%", "%%")
    options = {
        "ProxyCommand": proxy,
        "ControlPersist": "no",
        "BatchMode": "yes",
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": "known_hosts",
        "GlobalKnownHostsFile": "none",
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "LogLevel": "ERROR",
        "ServerAliveInterval": "30",  # a guest that hangs is given up after two minutes
        "ServerAliveCountMax": "4",
    }
    flags = (argument for key, value in options.items() for argument in ("-o", f"{key}={value}"))
    client = ("ssh", "-F", "none", "-M", "-S", SOCKET, "-T", "-i", "key")
    return (*client, *flags, f"root@{_NAME}", lifeline(_POWER_OFF))


def _environment(directory: Path, memory: int) -> dict[str, str]:
    return {**os.environ, "SHELL": "/bin/sh", "TMPDIR": str(_memory_directory(directory, memory << 20))}


def _memory_directory(directory: Path, size: int) -> Path:
    """Where the guest's memory, an unlinked file, can grow to its full size and be executed from."""
    candidates = (*map(Path, MEMORY_PLACES), directory, Path(tempfile.gettempdir()))
    for candidate in candidates:
        if not os.access(candidate, os.W_OK):
            continue
        status = os.statvfs(candidate)
        if status.f_bavail * status.f_frsize >= size and not status.f_flag & os.ST_NOEXEC:
            return candidate
    places = ", ".join(str(candidate) for candidate in candidates)
    raise HostError(f"the sandbox needs {size >> 20} MiB in one of {places} (mounted without noexec)")


def _await_boot(master: Master, directory: Path, deadline: Deadline) -> None:
    try:
        master.await_up("the sandbox did not start", deadline)
    except HostError as error:
        console = directory / "console.log"
        log = console.read_text(encoding="utf-8", errors="replace") if console.is_file() else ""
        words = "\n".join(log.strip().splitlines()[-_CONSOLE_LINES:]) or "the kernel said nothing"
        raise HostError(f"{error}\n{words}") from None


def _kernel_process(directory: Path) -> Process | None:
    """The kernel that runs in a directory: the process it names itself, if it really lives there."""
    try:
        pid = int((directory / _ID / "pid").read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None
    found = Process.find(pid)
    return found if found and _lives_in(found, directory) else None


def _lives_in(process: Process, directory: Path) -> bool:
    # a process id may have been given to a stranger since
    try:
        return Path(f"/proc/{process.pid}/cwd").resolve() == directory.resolve()
    except OSError:
        return False


def _resource(name: str) -> bytes:
    return resource_files("offnet.host").joinpath(name).read_bytes()
