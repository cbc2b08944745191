"""The public door of the language: text -> `Reading`. It never raises for what a file says.

Form first (`reader.py`), then meaning (`lower.py`), sense (`checks.py`), doubts (`lints/`). A
broken statement gives one diagnostic, and everything else is still read and checked: what meaning
finds on a line whose form is broken is an echo of that, and waits until the form is mended.
"""

from __future__ import annotations

import bisect
import gc
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from labelwright.dsl.checks import check
from labelwright.dsl.context import Context
from labelwright.dsl.depth import too_deep
from labelwright.dsl.diagnostics import Diagnostic, Reading, SourceText
from labelwright.dsl.lints import lint
from labelwright.dsl.lower import lower
from labelwright.dsl.plugins import Catalogue
from labelwright.dsl.reader import parse
from labelwright.dsl.surroundings import Surroundings
from labelwright.dsl.tree import File

_ALLOW = re.compile(r"\s*allow\b((?:[\s,]+[A-Z]\d+)+)")


def read(
    source: SourceText, catalogue: Catalogue, surroundings: Surroundings | None = None
) -> Reading:
    """The Task that a file defines, and all that is wrong or doubtful in it, in the file's order.

    `catalogue` says which plug-ins are installed, `surroundings` what is known of the data and of
    what was applied before. `task` is None where there is an error.
    """
    with _without_collector():
        return _read(source, catalogue, surroundings)


@contextmanager
def _without_collector() -> Iterator[None]:
    """No garbage collection meanwhile: it would walk the growing tree again and again.

    Reading makes many small objects, keeps nearly all of them, and makes no cycles. At the end they are
    put among the old ones (what `freeze` and `unfreeze` do together), not walked once more.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.freeze()
            gc.unfreeze()
            gc.enable()


def _read(source: SourceText, catalogue: Catalogue, surroundings: Surroundings | None) -> Reading:
    tree, unread = parse(source)
    if deep := too_deep(tree):
        said = any(d.message == deep.message for d in unread)
        return Reading(source, tree, unread if said else (*unread, deep), None)
    ctx = Context(source, catalogue, unread, surroundings)
    draft = lower(ctx, tree)
    check(ctx, draft)
    lint(ctx, tree, draft)
    failed = any(d.severity == "error" for d in (*unread, *ctx.found))
    everything = [*unread, *_worth_saying(ctx.found, unread, source, tree)]
    everything.sort(key=lambda d: (d.span.start, d.span.end, d.code))
    return Reading(source, tree, tuple(everything), None if failed else draft)


def _worth_saying(
    found: Sequence[Diagnostic], unread: Sequence[Diagnostic], source: SourceText, tree: File
) -> Iterator[Diagnostic]:
    """The findings that are no echo of a broken line, and no lint that the line above allows."""
    breaks = [m.end() for m in re.finditer(r"\r\n?|\n", source.text)]

    def line(position: int) -> int:
        return bisect.bisect_right(breaks, position)

    broken: set[int] = set()
    for fault in unread:
        if fault.severity == "error":
            for span in (fault.span, *(label.span for label in fault.labels)):
                broken |= {line(span.start), line(max(span.end - 1, span.start))}
    if broken:  # the end of a file that breaks off
        broken.add(line(len(source.text.rstrip()) - 1))
    allowed = {
        number: set(re.findall(r"[A-Z]\d+", match[1]))
        for number, comment in tree.comments.items()
        if (match := _ALLOW.match(comment))
    }
    for finding in found:
        at = line(finding.span.start)
        permitted = finding.code in allowed.get(at, ())
        if at not in broken and not (permitted and finding.severity != "error"):
            yield finding
