"""A lab server: reached with the user's own OpenSSH configuration, keys and known hosts."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from offnet.errors import HostError, UsageError
from offnet.host import host_key
from offnet.host.claimed import ClaimedDirectory
from offnet.host.control import SOCKET, ControlledHost
from offnet.host.master import Master, lifeline
from offnet.wait import Deadline

_TARGET = re.compile(r"ssh://(?P<login>([a-zA-Z0-9._-]+@)?[a-zA-Z0-9][a-zA-Z0-9._-]*)(:(?P<port>\d{1,5}))?/?")
_DIRECTORY = "offnet-ssh-"
_CONNECT_TIMEOUT = 15.0
_SUDO = ("sudo", "-n", "--")


class SshHost(ControlledHost):
    """Root on a lab server, through one master connection that ends with this process.

    Unknown or changed host keys are refused, nothing is ever asked for. A login that is not
    root needs sudo without a password.
    """

    def __init__(self, name: str, place: ClaimedDirectory, master: Master, elevate: tuple[str, ...]) -> None:
        super().__init__(name, place.path, elevate)
        self._place = place
        self._master = master

    @classmethod
    def connect(cls, url: str, *, deadline: float = _CONNECT_TIMEOUT) -> SshHost:
        """Connect to ``ssh://user@server:port``. HostError in ssh's own words if that fails."""
        argv = _master_argv(url)
        place = ClaimedDirectory(_DIRECTORY)
        try:
            master = Master(argv, place.path, os.environ)
            try:
                _await(url, master, Deadline(deadline))
                return cls(url, place, master, _elevation(url, place.path))
            except BaseException:
                master.end()
                raise
        except BaseException:
            place.remove()
            raise

    def close(self) -> None:
        """End the connection. What was started on the server and kept goes on."""
        if self.directory.is_dir():
            try:
                self.disconnect()
            finally:
                self._master.end()
                self._place.remove()


def accept_host_key(url: str, fingerprint: str) -> None:
    """Let ssh know a lab server's key if it has this fingerprint; HostError if it has another one."""
    host_key.accept(url, ("ssh",), _login(url), fingerprint)


def _await(url: str, master: Master, deadline: Deadline) -> None:
    try:
        master.await_up(f"{url}: no connection", deadline)
    except HostError as error:
        words = str(error)
        if host_key.REFUSED in words and host_key.CHANGED not in words:
            words += host_key.advice(("ssh",), _login(url))
        raise HostError(words) from None


def _login(url: str) -> tuple[str, ...]:
    found = _TARGET.fullmatch(url)
    if found is None:
        raise UsageError(f"{url}: not a lab server; write ssh://user@server or ssh://user@server:port")
    if shutil.which("ssh") is None:
        raise HostError("ssh is missing on this machine; install the package openssh-client")
    port = ("-p", found["port"]) if found["port"] else ()
    return (*port, "--", found["login"])


def _master_argv(url: str) -> tuple[str, ...]:
    login = _login(url)
    options = (
        "ControlPersist=no", "BatchMode=yes", "LogLevel=ERROR", "ServerAliveInterval=5", "RemoteCommand=none",
    )  # fmt: skip
    flags = (argument for option in options for argument in ("-o", option))
    return ("ssh", "-M", "-S", SOCKET, "-T", *flags, *login, lifeline("exit"))


def _elevation(url: str, directory: Path) -> tuple[str, ...]:
    plain = ControlledHost(url, directory)
    if plain.run(("id", "-u"), timeout=_CONNECT_TIMEOUT).stdout.strip() == "0":
        return ()
    if plain.run((*_SUDO, "true"), timeout=_CONNECT_TIMEOUT, check=False).code:
        raise HostError(f"{url}: the login is not root and sudo wants a password; nodes are made by root")
    return _SUDO
