"""``nurture`` and ``python -m nurture``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; it ends the process with its exit code."""
    from nurture.cli.main import program  # noqa: PLC0415 - nothing is loaded before it is needed

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that is not UTF-8 shows ? and no traceback
    program()


if __name__ == "__main__":
    main()
