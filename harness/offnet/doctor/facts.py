"""What the doctor looked at, as plain values: looked up by ``look``, judged by others, recorded for tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from offnet.host.docker_refusal import Refusal

ADMINS = "clab_admins"
"""The group that containerlab asks for where it exists."""


@dataclass(frozen=True, slots=True)
class User:
    """Who asks. ``groups`` are those of this process, which a new membership reaches with the next login."""

    uid: int
    name: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Docker:
    """The Docker daemon that the environment names; ``refusal`` is None where it answered."""

    address: str
    version: str = ""
    api: str = ""
    refusal: Refusal | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Containerlab:
    """The containerlab command; ``path`` is empty where there is none, ``version`` as it tells it.

    ``admins`` are the members of the group that may use its set-user-ID bit; None, for want of that
    group, means that everybody may.
    """

    path: str = ""
    version: str = ""
    setuid: bool = False
    admins: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """How this machine is set up, as far as labs mind. What this user may not read is None.

    ``sysctls`` holds those that exist; ``apparmor`` the loaded profiles with their mode;
    ``forward`` the policy of iptables' FORWARD chain; ``iptables`` what that command is.
    """

    sysctls: Mapping[str, str]
    modules: tuple[str, ...] = ()
    apparmor: Mapping[str, str] | None = None
    forward: str | None = None
    iptables: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything of one machine."""

    user: User
    docker: Docker
    containerlab: Containerlab
    settings: Settings
