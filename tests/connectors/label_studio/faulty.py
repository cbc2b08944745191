"""Which request meets which fault: the plan that the proxy and the stand-in follow, and their counts."""

from __future__ import annotations

import re
import threading
from collections import Counter
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "reset",  # the connection is reset before a byte goes on
    "drop_before",  # the request is read, goes nowhere, the connection closes
    "drop_mid",  # half of the request goes on
    "drop_after",  # the request is done, its answer is swallowed
    "error_before",  # answered with `status`, not done
    "error_after",  # done, but answered with `status`
    "busy",  # 429 with Retry-After: `seconds`, not done
    "unauthorised",  # 401, not done
    "truncated",  # done; half of the answer arrives, its length says more
    "garbled",  # done; half of the answer arrives, and its length fits
    "late",  # no answer; done `seconds` after the client has hung up
    "redirect",  # 301 to `location`, not done
    "slow",  # done at once, answered after `seconds`, or never where the client hangs up first
]
COMMITTED: frozenset[Kind] = frozenset(
    ("drop_after", "error_after", "truncated", "garbled", "late", "slow")
)
"""The faults after which the request was done, or will be."""
WRITE_FAULTS: tuple[Kind, ...] = (
    "reset",
    "drop_before",
    "drop_mid",
    "drop_after",
    "error_after",
    "truncated",
    "garbled",
    "late",
    "slow",
)
"""The faults after which a client cannot know whether its request was done, or will be."""


@dataclass(frozen=True)
class Fault:
    """What happens to the `nth` request (from 1) that fits, and to the next ones up to `times`.

    method: a name, None for any. path: a pattern that is searched for in the path without query.
    """

    kind: Kind
    nth: int = 1
    method: str | None = None
    path: str = ""
    times: int = 1
    status: int = 503
    seconds: float = 1.0
    location: str = ""

    def fits(self, method: str, path: str) -> bool:
        """Whether it counts this request."""
        return self.method in (None, method) and re.search(self.path, path) is not None


class Plan:
    """The faults to come, and all requests that were seen. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[tuple[Fault, list[int]]] = []
        self.seen: list[tuple[str, str]] = []
        """Method and path of every request, in the order of their arrival."""

    def add(self, *faults: Fault) -> None:
        """From now on: requests made before do not count."""
        with self._lock:
            self._faults += [(fault, [0]) for fault in faults]

    def clear(self) -> None:
        """No faults any more, and nothing seen."""
        with self._lock:
            self._faults.clear()
            self.seen.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """Count this request; the fault that it meets."""
        with self._lock:
            self.seen.append((method, path))
            met = None
            for fault, count in self._faults:
                if fault.fits(method, path):
                    count[0] += 1
                    if met is None and fault.nth <= count[0] < fault.nth + fault.times:
                        met = fault
            return met

    def count(self, method: str | None = None, path: str = "") -> int:
        """How many such requests were seen."""
        with self._lock:
            return sum(Fault("reset", method=method, path=path).fits(*one) for one in self.seen)

    def counts(self) -> Counter[tuple[str, str]]:
        """How many requests by method and path, numbers in paths written as N."""
        with self._lock:
            return Counter((method, re.sub(r"\d+", "N", path)) for method, path in self.seen)
