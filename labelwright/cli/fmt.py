"""The command that puts task files in form: fmt."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labelwright.cli.common import Json, print_json, show_error
from labelwright.loop.errors import LabelwrightError

if TYPE_CHECKING:
    from labelwright.dsl.diagnostics import SourceText
    from labelwright.dsl.format import Formatted

_STDIN = Path("-")


def fmt(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE|FOLDER|-",
            help="Task files, folders to look through (else this one), or - for standard input.",
            show_default=False,
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; end with 1 if a file would change.")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Change nothing; print what would change.")
    ] = False,
    json: Json = False,
) -> None:
    """Put task files in form: margins, columns and empty lines, and nothing but white space."""
    asked = paths or [Path()]
    if _STDIN in asked and len(asked) > 1:
        raise typer.BadParameter("- stands alone: standard input is one text")
    piped = asked == [_STDIN]
    dry = check or diff
    outcomes = [_outcome(path, write=not dry and not piped) for path in _files(asked)]
    if json:
        print_json(_as_json(outcomes, piped=piped))
    else:
        _tell(outcomes, asked=paths or [], diff=diff, check=check)
    failed = any(not outcome.sound for outcome in outcomes)
    if failed or (check and any(outcome.changed for outcome in outcomes)):
        raise typer.Exit(1)


COMMANDS: dict[str, Callable[..., None]] = {"fmt": fmt}


# --- one file ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Outcome:
    """What became of one file; `error` where there is no text, or none that may be written."""

    name: str
    source: SourceText | None = None
    formatted: Formatted | None = None
    error: LabelwrightError | None = None

    @property
    def sound(self) -> bool:
        return self.error is None and self.formatted is not None and not self.formatted.errors

    @property
    def changed(self) -> bool:
        return (
            self.source is not None
            and self.formatted is not None
            and self.formatted.text != self.source.text
        )


def _outcome(path: Path | LabelwrightError, *, write: bool) -> _Outcome:
    """Format one file. Whatever is wrong with it comes back, so that the others go on."""
    from labelwright.definition import decoded, source_of

    if isinstance(path, LabelwrightError):
        return _Outcome("", error=path)
    name = "<stdin>" if path == _STDIN else str(path)
    try:
        source = decoded(name, sys.stdin.buffer.read()) if path == _STDIN else source_of(path)
        outcome = _Outcome(name, source, _formatted(source))
        if write and outcome.changed and outcome.formatted is not None:
            _replace(path, outcome.formatted.text)
    except LabelwrightError as error:
        return _Outcome(name, error=error)
    return outcome


def _formatted(source: SourceText) -> Formatted:
    from labelwright.dsl.format import FormatError, format_text

    try:
        return format_text(source)
    except FormatError as error:
        raise LabelwrightError(
            f"{source.name} was left as it is: {error}",
            "this is a defect of labelwright, please report it with the file; "
            "`labelwright check` and `run` are not touched by it",
        ) from error


def _replace(path: Path, text: str) -> None:
    """Put `text` in the file's place in one step; a link still leads there, with the same rights."""
    from labelwright.exporting import ExportError, replacing

    target = path.resolve()
    try:
        with replacing(target) as file:
            file.write(text.encode("utf-8"))
            shutil.copymode(target, file.name)
    except ExportError as error:
        raise LabelwrightError(
            error.message, "the file is as it was; make it and its folder writable"
        ) from error


# --- which files ------------------------------------------------------------------------------


def _files(asked: Sequence[Path]) -> Iterator[Path | LabelwrightError]:
    """The files that are meant, each once; an error for a folder that holds none."""
    seen: set[Path] = set()
    for path in asked:
        found = [path] if path == _STDIN or not path.is_dir() else sorted(_within(path))
        if not found:
            where = "this folder" if path == Path() else str(path)
            yield LabelwrightError(
                f"there is no .task file in {where}", "name the files, or the folder they are in"
            )
        for file in found:
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield file


def _within(folder: Path) -> Iterator[Path]:
    """The task files in a folder and the folders below, but for hidden ones."""
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(here, name) for name in names if name.endswith(".task"))


# --- what is said -----------------------------------------------------------------------------


def _tell(outcomes: Sequence[_Outcome], *, asked: Sequence[Path], diff: bool, check: bool) -> None:
    """Say what became of the files: results on stdout, what went wrong on stderr."""
    piped = list(asked) == [_STDIN]
    for outcome in outcomes:
        _complain(outcome)
        if not outcome.sound or outcome.formatted is None:
            continue
        if diff:
            typer.echo(_diff(outcome, color=_in_color()), nl=False)
        elif piped and not check:
            typer.echo(outcome.formatted.text.encode("utf-8"), nl=False)
        elif outcome.changed:
            typer.echo(f"{'would change' if check else 'formatted'}  {outcome.name}")
    if not piped:
        typer.echo(_summary(outcomes, asked, dry=check or diff), err=diff)


def _complain(outcome: _Outcome) -> None:
    from labelwright.console import in_color
    from labelwright.dsl.render import render

    if outcome.error is not None:
        show_error(outcome.error)
    elif outcome.formatted is not None and outcome.source is not None and outcome.formatted.errors:
        errors = outcome.formatted.errors
        typer.echo(render(errors, outcome.source, color=in_color(sys.stderr)), err=True)
        typer.echo(
            f"{outcome.name}: left as it is, {_count(len(errors), 'error')} in its form\n", err=True
        )


def _summary(outcomes: Sequence[_Outcome], asked: Sequence[Path], *, dry: bool) -> str:
    import shlex

    changed = [outcome.name for outcome in outcomes if outcome.sound and outcome.changed]
    broken = [outcome for outcome in outcomes if not outcome.sound]
    unread = [outcome.name for outcome in broken if outcome.error is None]
    rest = len(outcomes) - len(changed) - len(broken)
    told = [
        f"{_count(len(changed), 'file')} {'would change' if dry else 'formatted'}"
        if changed
        else "",
        f"{_count(rest, 'file')} in form already" if rest else "",
        f"{_count(len(broken), 'file')} left as {'it is' if len(broken) == 1 else 'they are'}"
        if broken
        else "",
    ]
    lines = [", ".join(part for part in told if part)]
    if unread:
        next_ = ["check", unread[0]]
    elif changed and dry:
        next_ = ["fmt", *map(str, asked)]
    elif changed:
        next_ = ["check", changed[0]]
    else:
        return lines[0]
    lines.append(f"Next     {shlex.join(['labelwright', *next_])}")
    return "\n".join(lines)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' if number != 1 else ''}"


def _diff(outcome: _Outcome, *, color: bool) -> str:
    """A unified diff, as `patch` takes it; in colour for a terminal."""
    import difflib
    import io

    if outcome.source is None or outcome.formatted is None:
        return ""
    before, after = (
        list(io.StringIO(text, newline=""))
        for text in (outcome.source.text, outcome.formatted.text)
    )
    lines = difflib.unified_diff(before, after, outcome.name, outcome.name)
    return "".join(_painted(_ended(line)) if color else _ended(line) for line in lines)


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _painted(line: str) -> str:
    if line.startswith(("---", "+++")):
        return typer.style(line[:-1], bold=True) + "\n"
    shade = {"-": "red", "+": "green", "@": "cyan"}.get(line[0])
    return typer.style(line[:-1], fg=shade) + "\n" if shade else line


def _in_color() -> bool:
    from labelwright.console import in_color

    return in_color(sys.stdout)


def _as_json(outcomes: Sequence[_Outcome], *, piped: bool) -> dict[str, object]:
    from labelwright.dsl.render import to_json

    files: list[dict[str, object]] = []
    for outcome in outcomes:
        told: dict[str, object] = {"file": outcome.name, "changed": outcome.changed}
        if outcome.source is not None and outcome.formatted is not None:
            told["diagnostics"] = to_json(outcome.formatted.errors, outcome.source)
            if piped:
                told["text"] = outcome.formatted.text
        if outcome.error is not None:
            told["error"] = outcome.error.message
        files.append(told)
    return {"ok": all(outcome.sound for outcome in outcomes), "files": files}
