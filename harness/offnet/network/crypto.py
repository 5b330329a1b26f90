"""The crypto variants: a module of its own, for the command line needs them before any network."""

from enum import StrEnum


class Crypto(StrEnum):
    """The crypto variant a lab runs with."""

    AS_PRINTED = "as-printed"
    MODERN = "modern"
