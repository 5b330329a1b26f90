"""Where the files are that are no Python: the checkout first, the copies inside the package otherwise."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from offnet.errors import HostError


def package() -> Path:
    """Return the folder of the installed package."""
    return Path(__file__).resolve().parent


@cache
def checkout() -> Path | None:
    """Return the folder of the git checkout that this package is run from, if it is."""
    for folder in package().parents:
        project = folder / "pyproject.toml"
        if project.is_file() and _names_offnet(project):
            return folder
    return None


def version() -> str:
    """Return the version of the installed package; ``unknown`` where it is imported without installation."""
    from importlib.metadata import PackageNotFoundError  # noqa: PLC0415 - keeps the start quick
    from importlib.metadata import version as installed  # noqa: PLC0415 - as above

    try:
        return installed("offnet")
    except PackageNotFoundError:
        return "unknown"


def templates() -> Path:
    """Return the folder of the templates of daemon configurations and reports."""
    return _find("templates", "templates")


def labs() -> Path:
    """Return the folder that has one folder for every lab."""
    return _find("labs", "labs")


def image() -> Path:
    """Return the folder with the package list and scripts of the node image."""
    return _find("harness/image", "image")


def kernel() -> Path:
    """Return the folder with the configuration and build of the sandbox kernel."""
    return _find("harness/kernel", "kernel")


def server() -> Path:
    """Return the folder with what a lab server has on top of the node image."""
    return _find("harness/server", "server")


def tools() -> Path:
    """Return the folder with the Go module that pins containerlab and the other tools."""
    return _find("harness/tools", "tools")


def schema() -> Path:
    """Return the JSON Schema of lab.yml."""
    return _find("docs/lab.schema.json", "lab.schema.json")


def topologies() -> Path | None:
    """Return the folder of committed topologies; only a checkout has one."""
    root = checkout()
    return root / "topologies" if root else None


def runs_dir() -> Path:
    """Return the folder for the evidence of runs, which may not exist yet."""
    return (checkout() or Path.cwd()) / "runs"


def _find(in_checkout: str, in_package: str) -> Path:
    root = checkout()
    found = root / in_checkout if root else package() / "_data" / in_package
    if not found.exists():
        message = f"this installation of offnet is incomplete: {found} is missing; install it again."
        raise HostError(message)
    return found


def _names_offnet(project: Path) -> bool:
    try:
        data = tomllib.loads(project.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        return False  # somebody else's file above an installed package
    return bool(data.get("project", {}).get("name") == "offnet")
