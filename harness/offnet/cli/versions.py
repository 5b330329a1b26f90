"""Which offnet this is."""

from __future__ import annotations


def offnet_version() -> str:
    """The version of the installed package; ``unknown`` where it is imported without installation."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - keeps the start quick

    try:
        return version("offnet")
    except PackageNotFoundError:
        return "unknown"
