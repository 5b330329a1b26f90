"""Lines with the time since boot in milliseconds, so that they can be compared with charon's."""

import sys
import time


def now() -> float:
    """Seconds on the clock that the log lines bear."""
    return time.monotonic()


def log(text: str) -> None:
    """Write one line to standard error."""
    sys.stderr.write(f"{now() * 1000:.1f} {text}\n")
    sys.stderr.flush()
