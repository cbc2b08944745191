"""The public door of the language: text -> `Reading`. It never raises for what a file says.

Form first (`reader.py`), then meaning (`lower.py`), then sense (`checks.py`). A broken statement
gives one diagnostic, and everything else is still read and checked.
"""

from __future__ import annotations

import bisect
import re

from labelwright.dsl.checks import check
from labelwright.dsl.context import Context
from labelwright.dsl.diagnostics import Diagnostic, Reading, SourceText
from labelwright.dsl.lower import lower
from labelwright.dsl.plugins import Catalogue
from labelwright.dsl.reader import parse
from labelwright.dsl.tree import File

_ALLOW = re.compile(r"\s*allow\s+([EL]\d+(?:[\s,]+L\d+)*)")


def read(source: SourceText, catalogue: Catalogue) -> Reading:
    """The Task that a file defines, and all that is wrong or doubtful in it, in the file's order.

    `catalogue` says which plug-ins are installed. `task` is None where there is an error.
    """
    tree, unread = parse(source)
    ctx = Context(source, catalogue, unread)
    draft = lower(ctx, tree)
    check(ctx, draft)
    everything = [*unread, *_not_allowed(ctx.found, source, tree)]
    everything.sort(key=lambda d: (d.span.start, d.span.end, d.code))
    failed = any(d.severity == "error" for d in everything)
    return Reading(source, tree, tuple(everything), None if failed else draft)


def _not_allowed(found: list[Diagnostic], source: SourceText, tree: File) -> list[Diagnostic]:
    """The findings without the lints that the line above allows."""
    breaks = [m.end() for m in re.finditer(r"\r\n?|\n", source.text)]
    allowed: dict[int, set[str]] = {}
    for line, comment in tree.comments.items():
        if match := _ALLOW.match(comment):
            allowed[line] = set(re.findall(r"L\d+", match[1]))
    return [
        d
        for d in found
        if d.severity == "error"
        or d.code not in allowed.get(bisect.bisect_right(breaks, d.span.start), ())
    ]
