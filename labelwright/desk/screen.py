"""What stands on the screen: pure, from a session and a card to lines of a width.

What an item says is somebody else's text: it is cleaned of all that steers a terminal before it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

from labelwright.connectors.exchange.marks import Mark
from labelwright.desk.card import Card, Part
from labelwright.desk.guide import guide_lines
from labelwright.desk.keymap import ITSELF, MORE, UP, Entry, Menu
from labelwright.desk.picture import picture_lines
from labelwright.desk.said import Said, said
from labelwright.desk.session import Session
from labelwright.desk.tokens import tokens
from labelwright.words import cell_width, clean, fit, pad, wrap

_NAMES = {"backspace": "⌫", "tab": "Tab", "enter": "Enter"}
_LEAST_BODY, _STEADY = 3, 6
_LEAST_COLUMN, _MOST_COLUMN = 12, 34


@dataclass(frozen=True)
class Room:
    """How much fits: cells and lines; height None where lines only follow one another."""

    width: int
    height: int | None
    color: bool
    root: Path  # of pictures


def lines_of(session: Session, card: Card | None, room: Room, scroll: int = 0) -> list[Text]:
    """The whole screen, at most `room.height` lines of `room.width` cells. scroll: of the upper part."""
    words = said(session.desk.task)
    if session.guide:
        body = guide_lines(session.desk.task, session.desk.keymap, room.width)
        foot = [Text(fit(words.back, room.width), "dim")]
        return [*_cut(body, room, len(foot), scroll, words), *foot]
    head = _head(session, room.width, words)
    if session.current is None or card is None:
        foot = [Text(), *_flow(_ending(session, words), room.width)]
        return [*head, Text(), Text(words.last), *foot]
    menu = session.desk.keymap.menu(session.draft.path, session.draft.page)
    foot = [*_beside(session, card, room.width, words)]
    commands = list(_flow(_commands(session, menu, words), room.width))
    left = None if room.height is None else room.height - len(head) - len(foot) - len(commands)
    most = None if left is None else max(1, left - _LEAST_BODY - 1)
    foot += [*_menu(session, menu, room.width, most), *_note(session, room.width, words), *commands]
    body = [line for part in card.parts for line in _part(part, session, room)]
    return [*head, *_cut(body, room, len(head) + len(foot), scroll, words), *foot]


def hidden(session: Session, card: Card | None, room: Room) -> int:
    """How far the upper part can be scrolled."""
    if room.height is None:
        return 0
    whole = Room(room.width, None, room.color, room.root)
    return max(0, len(lines_of(session, card, whole)) - room.height + 1)


# --- above ------------------------------------------------------------------------------------


def _head(session: Session, width: int, words: Said) -> list[Text]:
    right = ""
    if session.current is not None:
        number, all_ = session.place
        right = words.of.format(n=f"{number:,}", all=f"{all_:,}")
    left = f"{clean(session.desk.task.title)} · {clean(session.person)}"
    room = max(1, width - cell_width(right) - 2)
    head = Text(fit(left, room), "bold")
    head.append("  " + right, "not bold cyan")
    return [head, Text("─" * width, "dim")]


def _part(part: Part, session: Session, room: Room) -> Iterator[Text]:
    if part.heading:
        yield Text(fit(clean(part.heading), room.width).rstrip(), "dim")
    if part.kind == "image":
        yield from _image(part, room)
    elif part.kind == "table":
        yield from _table(part.rows, room.width)
    elif session.desk.task.kind == "spans":
        yield from _marked(part.text, session, room.width)
    else:
        yield from _text(part.text, room.width)


def _text(text: str, width: int) -> Iterator[Text]:
    for line in clean(text, keep_lines=True).expandtabs(4).split("\n"):
        yield from (Text(piece) for piece in wrap(line, width))


def _table(rows: Sequence[tuple[str, str]], width: int) -> Iterator[Text]:
    names = min(width // 2, max((cell_width(clean(name)) for name, _ in rows), default=0))
    for name, value in rows:
        pieces = wrap(clean(value), max(8, width - names - 2))
        for number, piece in enumerate(pieces):
            line = Text(fit(clean(name), names) if number == 0 else " " * names, "dim")
            line.append("  " + piece, "not dim")
            yield line


def _image(part: Part, room: Room) -> Iterator[Text]:
    if part.picture is None:
        return
    high = 12 if room.height is None else max(4, room.height - 9)
    yield from picture_lines(part.picture, room.root, room.width, high, color=room.color)
    if isinstance(part.picture, str):
        yield from (Text(line, "dim") for line in wrap(clean(part.picture), room.width))


def _marked(text: str, session: Session, width: int) -> Iterator[Text]:
    """The text with its words numbered, parts that are marked in brackets with their class's key."""
    keys = {e.label: e for e in session.desk.keymap.menu().entries}
    marks = session.draft.marks
    numbers = {token.start: n for n, token in enumerate(tokens(text), start=1)}
    pieces: list[Text | None] = []
    for line in re.finditer(r"[^\n]*\n?", text):
        for chunk in re.finditer(r"\S+", line[0]):
            start, end = line.start() + chunk.start(), line.start() + chunk.end()
            pieces.append(_chunk(text, start, end, numbers, marks, keys))
        pieces.append(None)
    yield from _flow(pieces, width, gap=" ")
    for number, (span, label) in enumerate(marks, start=1):
        told = f"{number}. {clean(span.text)} → {clean(keys[label].title)}"
        yield from (Text(each, "cyan") for each in wrap(told, width))


def _chunk(
    text: str,
    start: int,
    end: int,
    numbers: dict[int, int],
    marks: Sequence[Mark],
    keys: dict[str, Entry],
) -> Text:
    """What stands between two white spaces; brackets open before it and close after it, too."""
    edges = {start, end} | {n for n in numbers if start <= n < end}
    edges |= {e for s, _ in marks for e in (s.start, s.end) if start <= e <= end}
    piece = Text()
    ordered = sorted(edges)
    for place, following in zip(ordered, [*ordered[1:], end], strict=True):
        for span, label in marks:
            if place == span.end and place > start:
                piece.append(f"]{_key(keys[label].key)}", "bold")
        if place == end:
            break
        piece.append("[" * sum(s.start == place for s, _ in marks), "bold")
        if place in numbers:
            piece.append(f"{numbers[place]}:", "dim")
        inside = [c for s, c in marks if s.start <= place < s.end]
        style = f"bold {keys[inside[-1]].color or 'cyan'}" if inside else ""
        piece.append(clean(text[place:following]), style)
    return piece


def _cut(body: list[Text], room: Room, rest: int, scroll: int, words: Said) -> list[Text]:
    """As much of the body as there is room for, with a line that says how much is left."""
    if room.height is None:
        return body
    high = max(_LEAST_BODY, room.height - rest)
    if len(body) <= high:
        steady = min(high, max(_STEADY, len(body) + 1))  # so that the classes stand still
        return [*body, *[Text()] * (steady - len(body))]
    scroll = max(0, min(scroll, len(body) - high + 1))
    shown = body[scroll : scroll + high - 1]
    more = len(body) - scroll - len(shown)
    tail = words.rest.format(n=f"{more:,}") + " · Space" if more else "▲"
    return [*shown, Text(fit(tail, room.width).rstrip(), "dim")]


# --- below ------------------------------------------------------------------------------------


def _beside(session: Session, card: Card, width: int, words: Said) -> Iterator[Text]:
    task = session.desk.task
    titles = {c.id: clean(c.title) for c in task.classes}
    for hint in card.hints:
        yield from (Text(line, "yellow") for line in wrap(f"· {clean(hint)}", width))
    if card.suggestion:
        labels = ", ".join(titles.get(c, c) for c in card.suggestion)
        line = words.suggested.format(labels=labels, version=clean(card.version))
        yield from (Text(each, "magenta") for each in wrap(line, width))
    if session.draft.chosen and not session.desk.keymap.listed:
        line = words.chosen.format(labels=", ".join(titles[c] for c in session.draft.chosen))
        yield from (Text(each, "bold") for each in wrap(line, width))
    if session.before is not None:
        before = session.before
        labels = ", ".join(titles.get(c, c) for c in before.labels) or words.nothing
        line = words.earlier.format(labels=words.skipped if before.skipped else labels)
        yield from (Text(each, "magenta") for each in wrap(line, width))


def _menu(session: Session, menu: Menu, width: int, most: int | None) -> Iterator[Text]:
    """The classes in columns, read downwards; narrower where there is little room."""
    if menu.path:
        yield Text(fit(" › ".join(clean(p) for p in menu.path), width).rstrip(), "bold")
    chosen = set(session.draft.chosen)
    keys = max((cell_width(_key(e.key)) for e in menu.entries), default=1)
    widest = max((cell_width(_title(e, chosen, session)) for e in menu.entries), default=1)
    column = min(max(_LEAST_COLUMN, widest + keys + 3), _MOST_COLUMN, width)
    columns = max(1, width // column)
    rows = -(-len(menu.entries) // columns)
    if most is not None and rows > most:
        columns = max(1, min(-(-len(menu.entries) // most), width // _LEAST_COLUMN))
        rows = -(-len(menu.entries) // columns)
    column = width // columns if columns > 1 else width
    for row in range(rows):
        line = Text()
        for entry in menu.entries[row::rows]:
            cell = Text(pad(_key(entry.key), keys, right=True), f"bold {entry.color or 'cyan'}")
            picked = entry.label in chosen
            title = _title(entry, chosen, session)
            cell.append(" " + fit(title, column - keys - 2) + " ", "bold" if picked else "not bold")
            line.append_text(cell)
        line.rstrip()
        yield line


def _title(entry: Entry, chosen: set[str], session: Session) -> str:
    many = session.desk.task.choose == "many" and session.desk.task.kind != "spans"
    mark = ("[x] " if entry.label in chosen else "[ ] ") if many and not entry.opens else ""
    return f"{mark}{clean(entry.title)}{' ›' if entry.opens else ''}"


def _note(session: Session, width: int, words: Said) -> Iterator[Text]:
    """A line that is being typed, else what was wrong with the last key."""
    draft, fault = session.draft, session.draft.fault
    told = ""
    if draft.typed:
        yield Text(f"> {clean(draft.typed)}▏")
        return
    if fault is not None:
        told = {
            "unknown": words.unknown.format(key=_key(fault.what)),
            "refused": words.refused.format(why=clean(fault.what)),
            "nothing to undo": words.nothing_to_undo,
        }[fault.kind]
    yield from (Text(line, "bold red") for line in wrap(told, width))


def _commands(session: Session, menu: Menu, words: Said) -> Iterator[Text]:
    task, keymap = session.desk.task, session.desk.keymap
    if task.kind == "spans":
        first = menu.entries[0]
        how = words.spans.format(key=_key(first.key), title=clean(first.title))
        yield Text(f"{how} · {words.remove}", "dim")
    if menu.itself is not None:
        yield _command(ITSELF, words.itself.format(title=clean(menu.path[-1])))
    if task.kind == "spans" or task.choose == "many":
        yield _command("enter", words.done)
    if menu.path:
        yield _command(UP[0], words.up)
    if menu.pages > 1:
        yield _command(MORE, words.more.format(n=menu.page + 1, all=menu.pages))
    yield from (_command(keys[0], words.commands[name]) for name, keys in keymap.commands.items())


def _ending(session: Session, words: Said) -> Iterator[Text]:
    if session.may_undo:
        yield _command(session.desk.keymap.commands["undo"][0], words.commands["undo"])
    yield _command("enter", words.finish)


def _command(key: str, word: str) -> Text:
    found = Text(_key(key), "bold cyan")
    found.append(f" {word}", "not bold default")
    return found


def _key(key: str) -> str:
    """A key as it stands on a keyboard."""
    if key.startswith(("ctrl+", "alt+")):
        modifier, _, letter = key.partition("+")
        return f"{modifier.capitalize()}-{letter.upper()}"
    return clean(_NAMES.get(key, key))


def _flow(
    pieces: Iterator[Text] | Sequence[Text | None], width: int, gap: str = "   "
) -> Iterator[Text]:
    """Pieces beside one another, in as many lines as it takes; None ends a line."""
    line = Text()
    for piece in pieces:
        if piece is None or (line and cell_width(line.plain + gap + piece.plain) > width):
            yield line
            line = Text()
        if piece is None:
            continue
        if line:
            line.append(gap)
        if cell_width(piece.plain) > width:
            yield from (Text(part, piece.style) for part in wrap(piece.plain, width))
            continue
        line.append_text(piece)
    if line:
        yield line
