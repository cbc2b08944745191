"""A comparison in words: what differs, how far, and what to do about it."""

from __future__ import annotations

from labelwright.loop.shift.records import Comparison, ShiftTest

_NAMES = {
    "pool and holdout": ("the pool", "the holdout"),
    "new and old": ("the rows that came last", "the rows before"),
    "changed and unchanged": ("the rows that changed", "the others"),
    "asked and pool": ("what was asked", "the rest of the pool"),
}
_REMEDIES = {
    "pool and holdout": "what is measured holds for items like the holdout’s: if the pool is what the model "
    "is for, take a holdout from all of the data (`size = 20%`)",
    "new and old": "the holdout has none of the new rows, so what is measured holds for the old ones: "
    "begin a campaign on all of the data to measure on both",
    "changed and unchanged": "look whether the change was meant",
    "asked and pool": "it was chosen to differ: no estimate may take it for the pool",
}


def names(comparison: Comparison) -> tuple[str, str]:
    """What the two parts are called."""
    return _NAMES[comparison.about]


def remedy(comparison: Comparison) -> str:
    """What to do where they differ."""
    return _REMEDIES[comparison.about]


def sentence(comparison: Comparison) -> str:
    """`the pool differs from the holdout: vectors (AUC 0.71), length of text (KS 0.20)`."""
    one, other = names(comparison)
    if comparison.untested:
        return f"{one} and {other} were not compared: {comparison.untested}"
    found = [told(test) for test in comparison.tests if test.adjusted <= comparison.level]
    if not found:
        return f"no difference between {one} and {other} was found"
    verb = "differ" if one.startswith("the rows") else "differs"
    return f"{one} {verb} from {other}: {', '.join(found)}"


def told(test: ShiftTest) -> str:
    """`vectors (AUC 0.71)`."""
    return f"{test.what} ({test.kind} {test.effect:.2f})"
