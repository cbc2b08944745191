"""Runs a campaign and kills itself with SIGKILL: what `test_resume` starts as a process of its own.

    python killed.py TASK STATE MOMENT

MOMENT counts the boundaries of steps (begin and done of each) from 0; a moment that is never reached
lets the run end.
"""

from __future__ import annotations

import os
import signal
import sys
from itertools import count

from labelwright import Project
from labelwright.loop.engine import Moment


def main(task: str, state: str, moment: int) -> None:
    """Run, and die at the moment."""
    passed = count()

    def observe(_: Moment) -> None:
        if next(passed) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    Project(task, state=state).run(observe)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
