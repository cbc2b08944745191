"""The command line's door: runs a command, and turns what went wrong into words and an exit code."""

from __future__ import annotations

import gc
import os
import sys

# pydantic looks through every installed distribution for plug-ins of its own before the first model:
# a tenth of the time that `check` takes. Nothing here uses any.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
# What is made while starting stays: to look through it for garbage again and again costs as much.
gc.set_threshold(100_000, 50, 50)

SECRETS = ("LABEL_STUDIO_API_KEY", "LABELWRIGHT_SERVE_SECRET")
"""Variables of the environment that no other program may see."""


def main() -> None:
    """Run `labelwright …`. Exit codes: see `labelwright --help`."""
    # os.environ keeps them; what a library starts (matplotlib runs fc-list) inherits none.
    for name in SECRETS:
        os.unsetenv(name)
    from labelwright.cli import app
    from labelwright.loop.errors import LabelwrightError

    try:
        app()
    except LabelwrightError as error:
        from labelwright.cli.common import show_error

        show_error(error)
        sys.exit(error.exit_code)
    finally:
        # Python looks through all that is left for garbage before it ends: a sixth of what `check` takes.
        gc.freeze()


if __name__ == "__main__":
    main()
