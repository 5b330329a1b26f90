"""The master of a connection, played by a shell: kept, it outlives its program without a complaint."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

_KEEPER = """
import os, sys
from pathlib import Path
from offnet.host.master import Master, lifeline
from offnet.wait import Deadline
master = Master(("sh", "-c", lifeline("exit")), Path(sys.argv[1]), os.environ)
master.await_up("the shell", Deadline(10))
print(master.process.pid, flush=True)
master.keep()
"""


def test_a_kept_master_outlives_its_program_which_does_not_complain(tmp_path: Path) -> None:
    argv = (sys.executable, "-W", "always::ResourceWarning", "-c", _KEEPER, str(tmp_path))
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=True)
    os.kill(int(done.stdout), signal.SIGKILL)  # ProcessLookupError if it had ended
    assert done.stderr == ""
