"""Why every look counts: `python docs/pictures/looking.py` draws docs/pictures/looking.svg.

A model that is right exactly as often as is asked (88%) must not pass, but for a chance of 5%. A campaign of
20 rounds looks 20 times, at 750 labels in the end. Left: the share of campaigns that have said PASS by each
look, with the naive bound (95% each time) and with ours. Right: the same for a model that is right 92% of the
time, where PASS is right. One model all along, and one that changes a tenth of its answers each round.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from labelwright.dsl.bounds import errors_allowed
from labelwright.dsl.looks import share

LOOKS, TARGET, ALPHA = 20, 0.88, 0.05
SIZES = np.ceil(np.linspace(37.5, 750, LOOKS)).astype(int)


def needed(level: float, n: int) -> int:
    """The least right answers of n whose exact bound reaches the target."""
    allowed = errors_allowed(n, TARGET, level)
    return n + 1 if allowed is None else n - allowed


def ever(truth: float, keep: float, runs: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(LOOKS,) share of campaigns that have said PASS by each look: naive, ours."""
    rng = np.random.default_rng(seed)
    right: np.ndarray = np.zeros((runs, 0), bool)
    said = np.zeros((2, LOOKS, runs), bool)
    for look, n in enumerate(map(int, SIZES)):
        if keep < 1:
            again = rng.random(right.shape, dtype=np.float32) > keep
            right = np.where(again, rng.random(right.shape, dtype=np.float32) < truth, right)
        new = rng.random((runs, n - right.shape[1])) < truth
        right = np.concatenate([right, new], axis=1)
        found = right.sum(axis=1)
        level = ALPHA * share(look + 1, LOOKS, last=look + 1 == LOOKS)
        said[0, look] = found >= needed(ALPHA, n)
        said[1, look] = found >= needed(level, n)
    naive, ours = np.maximum.accumulate(said, axis=1).mean(axis=2)
    return naive, ours


def main(arguments: list[str] | None = None) -> None:
    """Draw it."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".svg"))
    args = parser.parse_args(arguments)
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "looking", "font.size": 10}):
        figure = Figure(figsize=(9.2, 4.2), layout="constrained")
        canvas = FigureCanvasSVG(figure)
        left, right = figure.subplots(1, 2)
        for axes, truth, title in (
            (left, TARGET, "Truth 88%, asked 88%: PASS is false"),
            (right, 0.92, "Truth 92%, asked 88%: PASS is right"),
        ):
            for keep, dashes in ((1.0, (1, 0)), (0.9, (4, 2))):
                model = "one model" if keep == 1 else "a new model each round"
                for values, who, color in zip(
                    ever(truth, keep, args.runs, 1),
                    ("naive", "ours"),
                    ("#d55e00", "#0072b2"),
                    strict=True,
                ):
                    axes.plot(range(1, LOOKS + 1), values * 100, color=color, dashes=dashes,
                              linewidth=2, label=f"{who}, {model}")  # fmt: skip
                    sys.stdout.write(f"{title}; {who}, {model}: {values[-1]:.1%} by look {LOOKS}\n")
            axes.set_title(title, fontsize=10.5)
            axes.set_xlabel("looks at the holdout, 750 labels at the last")
            axes.set_xticks([1, 5, 10, 15, 20])
            axes.set_ylim(0, None)
            axes.grid(axis="y", alpha=0.3)
        left.axhline(100 * ALPHA, color="#1b1f24", linewidth=1.2, dashes=(1.5, 2.5))
        left.annotate(
            "5%, as promised", (14, 100 * ALPHA), xytext=(0, 4), textcoords="offset points"
        )
        left.set_ylabel("campaigns that have said PASS, %")
        left.legend(frameon=False)
        args.out.parent.mkdir(parents=True, exist_ok=True)
        with args.out.open("w", encoding="utf-8", newline="\n") as file:
            canvas.print_svg(file, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = args.out.read_text(encoding="utf-8")
    args.out.write_text(
        "\n".join(line.rstrip() for line in text.splitlines()) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
