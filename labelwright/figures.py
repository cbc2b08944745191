"""Figures as people read them, with their unit; what is not known says so."""

from __future__ import annotations

import re
from collections.abc import Callable

from labelwright.loop.history import Estimate

UNKNOWN = "not known"
_SHARE = re.compile(r"(?<![\d.])(0|1)\.(\d{2,})(?!\d|\.\d|%)")


def percent(value: float | None, digits: int = 1) -> str:
    """0.9512 -> `95.1%`."""
    return UNKNOWN if value is None else f"{value * 100:.{digits}f}%"


def decimal(value: float | None, digits: int = 3) -> str:
    """0.9512 -> `0.951`; from 10 up with one digit and thousands, `1,024.5`; a count as one, `130`."""
    if value is None:
        return UNKNOWN
    if abs(value) > 1 and value == int(value):
        return f"{value:,.0f}"
    return f"{value:.{digits}f}" if abs(value) < 10 else f"{value:,.1f}"


def count(value: int) -> str:
    """1797 -> `1,797`."""
    return f"{value:,}"


def counted(value: int, one: str, many: str | None = None) -> str:
    """`1 item`, `1,797 items`."""
    return f"{count(value)} {one if value == 1 else many or one + 's'}"


def money(amount: float | None, currency: str | None) -> str:
    """12.5, "USD" -> `12.50 USD`; whole amounts above 1,000 without the cents."""
    if amount is None or currency is None:
        return UNKNOWN
    digits = 0 if currency in ("KRW", "JPY") or (amount >= 1000 and amount == int(amount)) else 2
    return f"{amount:,.{digits}f} {currency}"


def duration(seconds: float | None) -> str:
    """0.42 -> `0.4 s`; 75 -> `1 min 15 s`; 5400 -> `1 h 30 min`."""
    if seconds is None:
        return UNKNOWN
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def hours(value: float | None) -> str:
    """1.25 -> `1.3 h`."""
    return UNKNOWN if value is None else f"{value:,.1f} h"


def interval(
    estimate: Estimate, number: Callable[[float | None], str] = percent, *, dash: str = "–"
) -> str:
    """`92.1–97.2%`, `-0.1 to 0.2`, or nothing where the interval is not known."""
    if estimate.low is None or estimate.high is None:
        return ""
    low, high = number(estimate.low), number(estimate.high)
    between = " to " if estimate.low < 0 else dash
    return f"{low.removesuffix('%')}{between}{high}"


def every(
    estimate: Estimate, number: Callable[[float | None], str] = percent, *, dash: str = "–"
) -> str:
    """The interval that holds at every look, `90.2–98.0%`, or nothing where it is not known."""
    wide = estimate.model_copy(update={"low": estimate.low_every, "high": estimate.high_every})
    return interval(wide, number, dash=dash)


def bound_word(criterion: str) -> str:
    """What a one-sided bound of this criterion is called: `at least`, or `at most` for `<=`."""
    return "at most" if "<" in criterion else "at least"


def in_unit_of(criterion: str) -> Callable[[float | None], str]:
    """The format in which a criterion was written: percent where it says `%`, else decimal."""
    goal = criterion.partition(" with ")[0]
    return percent if "%" in goal else decimal


def shares_as_percent(text: str) -> str:
    """`lowest: eight 0.87` -> `lowest: eight 87%`, keeping the digits that were given."""

    def rewrite(found: re.Match[str]) -> str:
        whole, digits = found.groups()
        shown = f"{int(whole + digits[:2])}"
        return shown + (f".{digits[2:]}" if digits[2:] else "") + "%"

    return _SHARE.sub(rewrite, text)
