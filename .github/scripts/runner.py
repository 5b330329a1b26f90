"""What the shell steps ask of offnet: each question prints one answer, in words that a shell takes."""

from __future__ import annotations

import hashlib
import secrets
import sys
from collections.abc import Callable

from offnet import artifacts, intent, resources
from offnet.cli.output import complain
from offnet.cli.terminal import Terminal
from offnet.design import design
from offnet.doctor import diagnose, needs
from offnet.errors import OffnetError
from offnet.network.model import Crypto

NATIVE = (artifacts.NODE_IMAGE,)
SANDBOX = (artifacts.NODE_IMAGE, artifacts.KERNEL)
SERVER = (artifacts.NODE_IMAGE, artifacts.KERNEL, artifacts.TOOLS, artifacts.SERVER_ROOT)
"""What takes long to build. The disk of Docker is made of these in seconds, and mostly holes, which a
cache of archives fills."""


def kinds(runtime: str, host: str) -> tuple[str, ...]:
    """The artifacts to keep between jobs for a runtime on a host."""
    if host == "local":
        return NATIVE
    return SERVER if runtime == "containerlab" else SANDBOX


def labs() -> str:
    """The names of offnet's own labs, blanks between them."""
    return " ".join(sorted(file.parent.name for file in resources.labs().glob("*/lab.yml")))


def remedy() -> str:
    """The command line that makes labs possible on this machine; empty where they are."""
    return diagnose().remedy


def outputs(runtime: str, host: str) -> str:
    """Key and paths of the cache, in the form of the file that GITHUB_OUTPUT names."""
    folders = [artifacts.folder(kind) for kind in kinds(runtime, host)]
    names = "\n".join(f"{folder.parent.name}/{folder.name}" for folder in folders)
    key = hashlib.sha256(names.encode()).hexdigest()[:24]
    end = secrets.token_hex(8)
    return "\n".join((f"key=offnet-{key}", f"paths<<{end}", *map(str, folders), end))


def build(runtime: str, host: str) -> str:
    """Builds what is missing of what is cached; progress goes to standard error."""
    terminal = Terminal()
    artifacts.ensure(*kinds(runtime, host), progress=terminal)
    terminal.done()
    return ""


def modules() -> str:
    """The kernel modules that all labs need together, blanks between them."""
    loaded = [intent.load(resources.labs() / lab) for lab in labs().split()]
    return " ".join(needs.modules(design(lab, crypto) for lab in loaded for crypto in Crypto))


def tool(name: str) -> str:
    """The path of containerlab or actionlint, built when missing."""
    return str(artifacts.tool(name, progress=Terminal()))


def obstacle(runtime: str, host: str) -> str:
    """Why labs cannot run so on this machine; empty where they can."""
    places = diagnose().places
    reasons = {(place.runtime, place.host): place.reason for place in places if not place.usable}
    return reasons.get((runtime, host), "")


def runs() -> str:
    """The folder where runs leave their evidence, which may not exist yet."""
    return str(resources.runs_dir())


QUESTIONS: tuple[Callable[..., str], ...] = (labs, remedy, outputs, build, modules, tool, obstacle, runs)


def main(question: str, *arguments: str) -> int:
    """Answers one question; ends like the command line where offnet has none."""
    try:
        answer = {each.__name__: each for each in QUESTIONS}[question](*arguments)
    except OffnetError as error:
        complain(error)
        return error.exit_code
    sys.stdout.write(f"{answer}\n" if answer else "")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
