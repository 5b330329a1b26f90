"""A bare lab server, played by a sandbox: root, a capable kernel, and offnet installed from its wheel."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from offnet import artifacts, resources
from offnet.artifacts import machine, noderoot
from offnet.artifacts.builders import make_all
from offnet.artifacts.progress import Silent
from offnet.artifacts.store import Recipe, Store
from offnet.artifacts.workshop import Workshop
from offnet.host.base import Completed, Host
from offnet.host.sandbox import Sandbox

PYTHON = "3.13"  # of the Debian release that the node image is made of
SITE = f"/usr/local/lib/python{PYTHON}/dist-packages"
CACHE = f"/root/.cache/offnet/{artifacts.NODE_IMAGE}"
DISK = "/dev/ubda"  # the node image is the server's own disk

_TRACES = """
cut -d' ' -f2 /proc/mounts
ls /run/netns /run/offnet/labs /sys/class/net
ip rule; ip route show table all; ip xfrm state; ip xfrm policy; nft list ruleset
ps -eo args | grep -v -e '^ps ' -e '^sh -c' -e '^\\[' -e '^sshd' -e grep
"""


@dataclass(frozen=True)
class Server:
    """The machine, as its administrator sees it."""

    host: Host

    def offnet(self, *arguments: str, timeout: float = 30, check: bool = True) -> Completed:
        """Run ``offnet`` there, in the home of root."""
        return self.host.run(("python3", "-m", "offnet", *arguments), timeout=timeout, check=check)

    def shell(self, script: str, *, check: bool = True) -> str:
        """Run a script and return what it says."""
        return self.host.run(("sh", "-c", script), timeout=10, check=check).stdout

    def traces(self) -> list[str]:
        """All that a lab could leave: mounts, namespaces, links, routes, SAs, filters, processes."""
        return self.shell(_TRACES, check=False).splitlines()


@pytest.fixture(scope="session")
def site(
    wheel: Path, wheel_needs: tuple[Distribution, ...], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The server's Python packages: the locked ones, and the wheel."""
    folder = tmp_path_factory.mktemp("server") / "site"
    shutil.copytree(_locked({needed.name for needed in wheel_needs}), folder)
    _pip(folder, "--no-index", str(wheel))
    return folder


@pytest.fixture(scope="module")
def server(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    image = artifacts.node_image()
    sandbox = Sandbox.start(
        tmp_path_factory.mktemp("sandbox"),
        image=image,
        kernel=artifacts.kernel() / "linux",
        files=_installed(site) | _cached(image.parent),
    )
    try:
        prepared = Server(sandbox.host)
        prepared.shell(f"ln -s {DISK} {CACHE}/{image.parent.name}/{noderoot.IMAGE}")
        prepared.shell("mkdir -p /run/offnet/labs && ip netns add x && ip netns del x")  # what stays for good
        yield prepared
    finally:
        sandbox.stop()


def _installed(site: Path) -> dict[str, bytes]:
    return {
        f"{SITE}/{path.relative_to(site)}": path.read_bytes() for path in site.rglob("*") if path.is_file()
    }


def _cached(artifact: Path) -> dict[str, bytes]:
    """The node image as the server's cache has it: by the key that the wheel's own data must lead to.

    The image will be a link to the disk, whose size the file system does not tell.
    """
    record = (artifact / noderoot.RECORD).read_bytes()
    sizes = {noderoot.IMAGE: 0, noderoot.TAR: 0, noderoot.RECORD: len(record)}
    files = {
        "complete.json": json.dumps({"products": sizes}).encode(),
        noderoot.TAR: b"",
        noderoot.RECORD: record,
    }
    return {f"{CACHE}/{artifact.name}/{name}": content for name, content in files.items()}


def _locked(names: set[str]) -> Path:
    """The locked packages of these names for the server's Python, kept for the next time."""
    root = resources.checkout()
    assert root is not None
    wanted = {canonicalize_name(name) for name in names}
    entries = re.findall(r"^\S+==.*(?:\n +.*)*", (root / "requirements.lock").read_text(), re.MULTILINE)
    pinned = [entry for entry in entries if canonicalize_name(entry.partition("==")[0]) in wanted]
    assert len(pinned) == len(wanted)
    text = "\n".join((*pinned, ""))

    def build(workshop: Workshop) -> None:
        requirements = workshop.output / "requirements.txt"
        requirements.write_text(text)
        _pip(workshop.output / "site", "--require-hashes", "--requirement", str(requirements))

    recipe = Recipe(
        kind="server-packages",
        title="server's Python packages",
        inputs={"python": PYTHON.encode(), "requirements": text.encode()},
        products=("requirements.txt", "site"),
        estimate_seconds=10,
        space=100_000_000,
        scratch_space=0,
        require=machine.require_x86_64,
        build=build,
    )
    return make_all(Store(artifacts.cache_root()), [recipe], Silent())[recipe.kind] / "site"


def _pip(target: Path, *arguments: str) -> None:
    """Install for the server's Python, not for the one that runs here."""
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
    there = ("--python-version", PYTHON, "--implementation", "cp", "--only-binary", ":all:", "--no-compile")
    command = (*pip, *there, "--target", str(target), *arguments)
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
