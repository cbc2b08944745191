"""Which key means what: the classes' keys as in the task file, and commands that give way to them.

Classes with a key each stand in one list. Where some have none (a tree, or too many classes), people
dig down level by level, and the keys of a level are its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from labelwright.dsl.compile.options import SEPARATOR, Option, is_tree, options
from labelwright.dsl.task import Task

Command = Literal["guide", "undo", "skip", "quit"]

COMMANDS: dict[Command, tuple[str, ...]] = {
    "guide": ("?", "ctrl+g", "f1"),
    "undo": ("u", "ctrl+u", "ctrl+b"),
    "skip": ("s", "ctrl+n", "ctrl+k"),
    "quit": ("q", "ctrl+d", "ctrl+x"),
}
"""The keys of each command, the one that is shown first; one that a class takes falls away."""

ITSELF, MORE = ".", "tab"
UP = ("backspace", "left")
_POSITIONS = "1234567890wertyadfghjklzxcvbnmiop"  # no key of a command
_MODIFIED = re.compile(r"((?:(?:ctrl|alt|shift|meta)\+)*)(\S)", re.IGNORECASE)
_NOT_ON_A_TERMINAL = frozenset("cdhijmz[")  # with ctrl: they end, stop, or are other keys
_JAMO = str.maketrans(
    "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡㅃㅉㄸㄲㅆㅒㅖ",
    "qwertyuiopasdfghjklzxcvbnmQWERTOP",
)


@dataclass(frozen=True)
class Entry:
    """A class on the screen with its key; `opens`: it is a heading with others in it."""

    key: str
    label: str  # class id
    title: str
    opens: bool = False
    color: str | None = None


@dataclass(frozen=True)
class Menu:
    """What can be chosen now. itself: the heading that was opened, where it may be chosen too."""

    entries: tuple[Entry, ...]
    path: tuple[str, ...] = ()  # titles of the headings that were opened
    itself: str | None = None
    page: int = 0
    pages: int = 1

    def find(self, key: str) -> Entry | None:
        """The class of a key: as it is, else in the other case, else by its place on a keyboard."""
        for form in forms(key):
            for entry in self.entries:
                if form in (entry.key, entry.key.casefold()):
                    return entry
        return None


class Keymap:
    """The keys of a task. lines: whole lines are typed, where no single key can be read."""

    def __init__(self, task: Task, *, lines: bool = False) -> None:
        self._task = task
        self._options = {o.id: o for o in options(task)}
        keys = {o.id: terminal_key(o.hotkey) for o in self._options.values()}
        chosen = [o for o in self._options.values() if o.chosen]
        self.listed = task.kind == "spans" or (
            not is_tree(task) and all(keys[o.id] for o in chosen)
        )
        own = keys if self.listed else {c.id: terminal_key(c.hotkey) for c in task.classes}
        self._own = {id_: key for id_, key in own.items() if key is not None}
        taken = {key.casefold() for key in self._own.values()}
        self.commands: dict[Command, tuple[str, ...]] = {}
        for name, known in COMMANDS.items():
            free = tuple(k for k in known if k not in taken and not (lines and len(k) > 1))
            self.commands[name] = (*free, f":{name}") if lines else free or (f"alt+{name[0]}",)

    def command(self, key: str) -> Command | None:
        """The command of a key, where no class has it."""
        for form in forms(key):
            for name, known in self.commands.items():
                if form in known:
                    return name
        return None

    def menu(self, path: Sequence[str] = (), page: int = 0) -> Menu:
        """What can be chosen below these opened headings (class ids)."""
        if self.listed:
            return Menu(tuple(self._list()))
        inside = self._task.children(path[-1] if path else None)
        own = {self._own[c.id] for c in inside if c.id in self._own}
        free = [k for k in _POSITIONS if k not in {o.casefold() for o in own}]
        size = max(1, len(free))
        parts = [inside[i : i + size] for i in range(0, len(inside), size)]
        positions = iter(free)
        entries = [
            Entry(
                key=self._own.get(c.id) or next(positions),
                label=c.id,
                title=self._options[c.id].title,
                opens=bool(self._task.children(c.id)),
                color=c.color,
            )
            for c in parts[page]
        ]
        return Menu(
            entries=tuple(entries),
            path=tuple(self._options[p].title for p in path),
            itself=path[-1] if path and self._task.choosable == "any" else None,
            page=page,
            pages=len(parts),
        )

    def _list(self) -> Iterable[Entry]:
        chosen = [o for o in self._options.values() if o.chosen]
        keyed = all(o.id in self._own for o in chosen)
        for number, option in enumerate(chosen, start=1):
            key = self._own[option.id] if keyed else str(number)
            yield Entry(key, option.id, _full_title(option), color=option.color)


def _full_title(option: Option) -> str:
    whole = SEPARATOR.join((*option.path, option.title))
    return option.title if option.title.startswith(SEPARATOR.join(option.path)) else whole


def terminal_key(hotkey: str | None) -> str | None:
    """A hotkey of the task file as a terminal sends it; None where it cannot."""
    found = _MODIFIED.fullmatch(hotkey or "")
    if found is None:
        return None
    modifiers, key = set(found[1].casefold().split("+")) - {""}, found[2]
    if not modifiers:
        return key
    if modifiers == {"shift"} and key.upper() != key.lower():
        return key.upper()
    if modifiers == {"ctrl"} and key.isascii() and key.isalpha():
        return None if key.casefold() in _NOT_ON_A_TERMINAL else f"ctrl+{key.casefold()}"
    return f"alt+{key}" if modifiers == {"alt"} else None


def forms(key: str) -> tuple[str, ...]:
    """A key as it is, in lower case, and as a keyboard set to English would have sent it."""
    return tuple(dict.fromkeys((key, key.casefold(), key.translate(_JAMO))))
