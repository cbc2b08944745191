"""Diagnostics as people read them, and as tools do.

Each is shown with the lines it speaks of, its carets padded by cell width. Only form is decided
here; the words come with the diagnostic.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from labelwright.dsl.diagnostics import Diagnostic, SourceText
from labelwright.dsl.lines import Lines, shown, width
from labelwright.dsl.tree import Span

_COLORS = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "note": "\x1b[1;36m"}
_BOLD, _BLUE, _OFF = "\x1b[1m", "\x1b[1;34m", "\x1b[0m"
_LONGEST_LINE = 200  # cells of a source line that are shown


class _Mark(NamedTuple):
    """A span to underline, its first line only."""

    line: int
    column: int
    length: int
    text: str
    char: str


def render(diagnostics: Iterable[Diagnostic], source: SourceText, *, color: bool) -> str:
    """All diagnostics, an empty line between two; ends without a newline."""
    lines = Lines(source.text)
    return "\n\n".join(_render(d, source.name, lines, _Paint(color)) for d in diagnostics)


class _Paint:
    def __init__(self, color: bool) -> None:
        self._color = color

    def __call__(self, style: str, text: str) -> str:
        return f"{style}{text}{_OFF}" if self._color and text else text


def _render(found: Diagnostic, name: str, lines: Lines, paint: _Paint) -> str:
    marks = [_mark(found.span, found.hint, "^", lines)]
    marks += [_mark(label.span, label.text, "-", lines) for label in found.labels]
    by_line: dict[int, list[_Mark]] = {}
    for mark in sorted(marks, key=lambda m: (m.line, -m.column)):
        by_line.setdefault(mark.line, []).append(mark)
    digits = len(str(max(by_line)))
    style = _COLORS[found.severity]
    gutter = " " * (digits + 1)
    line, column = lines.position(found.span.start)

    out = [
        paint(style, f"{found.severity}[{found.code}]") + paint(_BOLD, f": {shown(found.message)}"),
        f"{gutter}{paint(_BLUE, '┌─')} {name}:{line}:{column}",
    ]
    for number, here in by_line.items():
        text = lines.line(number)
        start, cut = _window(text, max(m.column for m in here))
        out.append(f"{paint(_BLUE, f'{number:>{digits}} │')} {shown(cut)}".rstrip())
        for mark in here:
            pad = width(text[start : mark.column]) + (start > 0)
            under = mark.char * max(1, width(text[mark.column : mark.column + mark.length]))
            marked = paint(style if mark.char == "^" else _BLUE, under)
            words = paint(style if mark.char == "^" else _BLUE, shown(mark.text))
            row = f"{gutter}{paint(_BLUE, '│')} {' ' * pad}{marked} {words}"
            out.append(row.rstrip())
    remarks = [shown(note) for note in found.notes]
    if found.help:
        remarks.append(f"help: {shown(found.help)}")
    if remarks:
        out.append(f"{gutter}{paint(_BLUE, '│')}")
        out += [f"{gutter}{paint(_BLUE, '=')} {remark}" for remark in remarks]
    return "\n".join(out)


def _mark(span: Span, text: str, char: str, lines: Lines) -> _Mark:
    line, column = lines.position(span.start)
    length = min(span.end - span.start, max(0, len(lines.line(line)) - (column - 1)))
    return _Mark(line, column - 1, length, text, char)


def _window(text: str, column: int) -> tuple[int, str]:
    """Where the shown part of a long line starts, and that part."""
    if len(text) <= _LONGEST_LINE:
        return 0, text
    start = max(0, min(column - _LONGEST_LINE // 2, len(text) - _LONGEST_LINE))
    cut = text[start : start + _LONGEST_LINE]
    return start, ("…" if start else "") + cut + ("…" if start + len(cut) < len(text) else "")


def to_json(diagnostics: Iterable[Diagnostic], source: SourceText) -> list[dict[str, Any]]:
    """Diagnostics for tools; lines and columns are 1-based and count characters, ends excluded."""
    lines = Lines(source.text)
    return [_json(found, lines) for found in diagnostics]


def _json(found: Diagnostic, lines: Lines) -> dict[str, Any]:
    fix = found.fix
    return {
        "code": found.code,
        "severity": found.severity,
        **_place(found.span, lines),
        "message": found.message,
        "hint": found.hint,
        "labels": [{**_place(label.span, lines), "text": label.text} for label in found.labels],
        "notes": list(found.notes),
        "help": found.help,
        "fix": {**_place(fix.span, lines), "text": fix.text, "title": fix.title} if fix else None,
    }


def _place(span: Span, lines: Lines) -> dict[str, int]:
    line, column = lines.position(span.start)
    end_line, end_column = lines.position(span.end)
    return {"line": line, "column": column, "end_line": end_line, "end_column": end_column}


def apply_fixes(text: str, diagnostics: Sequence[Diagnostic]) -> str:
    """The text with the fixes of these diagnostics made; of two that overlap, only the first."""
    made: list[str] = []
    position = 0
    fixes = [found.fix for found in diagnostics if found.fix is not None]
    for fix in sorted(fixes, key=lambda f: (f.span.start, f.span.end)):
        if fix.span.start >= position:
            made += [text[position : fix.span.start], fix.text]
            position = fix.span.end
    return "".join([*made, text[position:]])
