"""The command that teaches the language: explain."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from labelwright.cli.common import Json, print_json, width

if TYPE_CHECKING:
    from labelwright.dsl.plugins import Catalogue
    from labelwright.loop.errors import LabelwrightError

_STYLES = {"error": "red", "warning": "yellow", "right": "green", "head": None}
_WIDEST = 100  # cells: longer lines of prose are hard to read


def explain(
    what: Annotated[
        str | None,
        typer.Argument(metavar="[CODE or WORD]", help="E201, holdout, budget.money, macro_f1, …"),
    ] = None,
    json: Json = False,
) -> None:
    """Say what a diagnostic's code means and how to mend it, or what a word of the language does."""
    from labelwright.dsl.explaining import codes

    if what is None:
        _list(json)
    elif (code := _code(what)) in codes():
        _page(code, json)
    else:
        _word(what, json)


def _code(what: str) -> str:
    """The code in `what` as it stands in a message: `e201`, `[E201]`, `error[E201]:`."""
    found = re.fullmatch(r"(?:error|warning)?\[?([EL]\d{3})\]?:?", what.strip(), re.IGNORECASE)
    return found[1].upper() if found else ""


def _list(json: bool) -> None:
    from labelwright.dsl.explaining import codes, page
    from labelwright.explained import all_codes, code_json

    if json:
        print_json([code_json(page(code)) for code in codes()])
        return
    typer.echo(all_codes(min(width(), _WIDEST), _paint))
    typer.echo("\nNext     labelwright explain E201        what a code means, and how to mend it")
    typer.echo("         labelwright explain holdout     what a word of the language does")


def _page(code: str, json: bool) -> None:
    from labelwright.dsl.explaining import page
    from labelwright.explained import page_json, page_text

    if json:
        print_json(page_json(page(code)))
        return
    typer.echo(page_text(page(code), min(width(), _WIDEST), _paint))
    typer.echo("\nNext     mend the file, then: labelwright check FILE")


def _word(what: str, json: bool) -> None:
    from labelwright.dsl.glossary import look_up
    from labelwright.explained import meaning_json, meaning_text
    from labelwright.loop.plugins import Installed
    from labelwright.words import clean

    catalogue = Installed()
    found = look_up(what, catalogue)
    if not found:
        raise _unknown(what, catalogue)
    if json:
        meanings = [meaning_json(meaning, catalogue) for meaning in found]
        print_json({"word": what, "meanings": meanings})
        return
    cells = min(width(), _WIDEST)
    shown = [meaning_text(clean(what), meaning, catalogue, cells, _paint) for meaning in found]
    typer.echo("\n\n".join(shown))
    if home := found[0].block if found[0].kind in ("setting", "sentence") else "":
        typer.echo(f"\nNext     labelwright explain {home}     what else stands there")
    else:
        typer.echo("\nNext     labelwright show FILE     a file with every default that applies")


def _unknown(what: str, catalogue: Catalogue) -> LabelwrightError:
    from labelwright.dsl.explaining import codes
    from labelwright.dsl.glossary import words
    from labelwright.dsl.suggest import closest
    from labelwright.dsl.vocabulary import BLOCKS
    from labelwright.loop.errors import LabelwrightError
    from labelwright.words import clean

    said = clean(what)
    if re.fullmatch(r"[A-Za-z]\w*\d\w*", what):
        near = closest(what, codes())
        remedy = "`labelwright explain` lists all codes"
        return LabelwrightError(
            f"there is no code {said}", f"did you mean {near}? {remedy}" if near else remedy
        )
    near = closest(what, words(catalogue)) or closest(what.rpartition(".")[2], words(catalogue))
    return LabelwrightError(
        f"the language has no word {said}",
        f"did you mean {near}? Then: labelwright explain {near}"
        if near
        else f"its blocks are {', '.join(BLOCKS)}: ask for one of them",
    )


def _paint(style: str, text: str) -> str:
    from labelwright.console import in_color

    if not in_color(sys.stdout):
        return text
    return typer.style(text, fg=_STYLES[style], bold=style != "right")


COMMANDS: dict[str, Callable[..., None]] = {"explain": explain}
