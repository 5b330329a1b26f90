"""``python -m offnet`` is the command ``offnet``."""

from offnet.cli import main

main()
