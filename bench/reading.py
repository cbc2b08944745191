"""Whether reading a task file is linear, and how many lines a second one core reads.

Files of classes and rules with 2,000 and 20,000 lines are generated and read whole: form, meaning,
sense. Times are of this process alone, the smallest of several interleaved runs.

    python bench/reading.py [--runs 5] [--json]

Exits 1 where a limit is broken.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import read
from labelwright.loop.plugins import Installed

SIZES = (2_000, 20_000)
MOST_TIMES = 12.0
LEAST_LINES = 8_000


def task_file(lines: int) -> str:
    """A sound task file of so many lines, three quarters of them classes, the rest rules."""
    chance = random.Random(1)
    text = ['task big "Big"', 'data {\n  source = csv("items.csv")\n  text   = body\n}']
    used, n = 6, 0
    while used < 0.75 * lines:
        text.append(
            f'class C{n} "Title {n}" {{\n  describe = "{_words(chance)}."\n'
            f'  examples = ["one {n}", "two {n}"]\n  aliases  = [c{n}a, "c {n} b"]\n}}'
        )
        used, n = used + 5, n + 1
    rules = [
        f"  rule{k}: vote C{k % n} when body contains any "
        f'["k{k}", "x{k}"] and words(body) > {k % 50}'
        for k in range(lines - used - 1)
    ]
    return "\n".join([*text, "rules {", *rules, "}"])


def _words(chance: random.Random) -> str:
    """A few made-up words: descriptions that are alike would be linted."""
    return " ".join("".join(chance.choices("aeioukstnrlm", k=6)) for _ in range(4))


def measure(runs: int) -> dict[int, float]:
    """Least seconds for each size, by number of lines."""
    catalogue = Installed()
    sources = {}
    for size in SIZES:
        text = task_file(size)
        sources[text.count("\n") + 1] = SourceText("big.task", text)
    least = dict.fromkeys(sources, float("inf"))
    for _ in range(runs):
        for lines, source in sources.items():
            started = time.process_time()
            reading = read(source, catalogue)
            least[lines] = min(least[lines], time.process_time() - started)
            if reading.diagnostics:
                raise SystemExit(
                    f"the generated file is not sound: {reading.diagnostics[0].message}"
                )
            del reading  # to let it go is no part of the next one's time
    return least


def main() -> int:
    """Print the table; 1 where a limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    least = measure(options.runs)
    (short, quick), (long, slow) = sorted(least.items())
    times, speed = slow / quick, min(short / quick, long / slow)
    if options.json:
        print(json.dumps({"seconds": least, "times": times, "lines_a_second": speed}))
    else:
        for lines, seconds in least.items():
            print(f"{lines:>7,} lines  {seconds * 1000:6.0f} ms  {lines / seconds:8,.0f} lines/s")
        print(f"{times:.1f} times as long, limit {MOST_TIMES:.0f}")
        print(f"{speed:,.0f} lines/s at least, limit {LEAST_LINES:,}")
    return int(times > MOST_TIMES or speed < LEAST_LINES)


if __name__ == "__main__":
    sys.exit(main())
