"""How fast `labelwright check` starts, as a ratio to importing what any such tool must import.

Warm: the parser comes from the user's cache. Cold: that cache is empty at every start. Python's own
bytecode is there in both, as after any installation. Runs are interleaved and medians compared, so
that the machine's mood cancels out.

    python bench/startup.py [--runs 15] [--json]

Exits 1 where a limit is broken.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
TASK = ROOT / "tests" / "dsl" / "examples" / "news.task"
BASE = [sys.executable, "-c", "import lark; from pydantic import BaseModel"]
CHECK = [sys.executable, "-m", "labelwright", "check", str(TASK)]
LIMITS = {"warm": 2.2, "cold": 4.0}


def seconds(command: list[str], cache: str) -> float:
    """Wall time of one process. `check` may end with 0 or 1: the file names later plug-ins."""
    started = time.perf_counter()
    done = subprocess.run(
        command, capture_output=True, env={**os.environ, "XDG_CACHE_HOME": cache}, check=False
    )
    if done.returncode not in (0, 1) or b"Traceback" in done.stderr:
        raise SystemExit(done.stderr.decode())
    return time.perf_counter() - started


def measure(runs: int) -> dict[str, float]:
    """Median seconds of the base, the warm and the cold start."""
    for room in ("labelwright", "dsl", "loop", "connectors"):
        compileall.compile_dir(ROOT / room, quiet=1)
    taken: dict[str, list[float]] = {"base": [], "warm": [], "cold": []}
    with tempfile.TemporaryDirectory() as warm:
        for command in (BASE, CHECK):
            seconds(command, warm)
        for _ in range(runs):
            taken["base"].append(seconds(BASE, warm))
            taken["warm"].append(seconds(CHECK, warm))
            with tempfile.TemporaryDirectory() as cold:
                taken["cold"].append(seconds(CHECK, cold))
    return {name: statistics.median(values) for name, values in taken.items()}


def main() -> int:
    """Print the table; 1 where a limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    medians = measure(options.runs)
    ratios = {name: medians[name] / medians["base"] for name in LIMITS}
    if options.json:
        print(json.dumps({"medians": medians, "ratios": ratios, "limits": LIMITS}))
    else:
        print(f"import lark, pydantic   {medians['base'] * 1000:6.0f} ms")
        for name, limit in LIMITS.items():
            print(
                f"labelwright check {name}  {medians[name] * 1000:6.0f} ms   "
                f"{ratios[name]:.2f} times, limit {limit}"
            )
    return int(any(ratios[name] > limit for name, limit in LIMITS.items()))


if __name__ == "__main__":
    sys.exit(main())
