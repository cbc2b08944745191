"""What an annotator may choose: the classes as they stand on the page, checked.

Label Studio accepts two choices with one title, one key for two choices, and empty titles, and it
replaces `$word` in a title by the item's data. All of these are refused here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from labelwright.dsl.compile.errors import CompileError
from labelwright.dsl.task import Class, Task

SEPARATOR = " › "
MANY = 40  # above so many choices a tree that can be searched is easier than a long list

_KEYS = "1234567890qwertasdfgzxcvb"
_INTERPOLATED = re.compile(r"\$[\w\[\].{}]", re.ASCII)
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}|#[0-9A-Fa-f]{3}")


@dataclass(frozen=True)
class Option:
    """One class on the page: `path` are its parents' titles, `hotkey` None where no key works."""

    id: str
    title: str
    path: tuple[str, ...]
    describe: str
    hotkey: str | None
    color: str | None
    chosen: bool  # may an answer name it, or is it a heading only


def is_tree(task: Task) -> bool:
    """Is the choice shown as a tree (with search, without hotkeys) rather than as a list?"""
    nested = any(c.parent is not None for c in task.classes)
    return nested and (task.choosable == "any" or len(task.choices) > MANY)


def options(task: Task) -> tuple[Option, ...]:
    """Every class in file order, parents before their children.

    Raises CompileError where titles, ids or hotkeys repeat or a title cannot be shown.
    """
    choices = {c.id for c in task.choices}
    if not choices:
        raise CompileError("the task has no class to choose", "add a `class` to the task file")
    by_id = {c.id: c for c in task.classes}
    _refuse_repeats(task.classes, lambda c: c.id, "two classes have the id")
    for each in task.classes:
        _check(each)
    paths = {c.id: _path(c, by_id) for c in task.classes}
    titles = _titles(task, choices, paths)
    keys: dict[str, str] = {} if is_tree(task) else _hotkeys(task.choices)
    return tuple(
        Option(
            id=c.id,
            title=titles[c.id],
            path=paths[c.id],
            describe=c.describe,
            hotkey=keys.get(c.id),
            color=c.color,
            chosen=c.id in choices,
        )
        for c in task.classes
    )


def checked_text(text: str, what: str) -> str:
    """`text` if Label Studio shows it as it stands; CompileError where it cannot."""
    if not text.strip():
        raise CompileError(f"{what} is empty", "write a title that people can read")
    if any(unicodedata.category(ch) in ("Cc", "Cs") for ch in text) or not is_xml(text):
        raise CompileError(
            f"{what} holds a control character: {text!r}", "remove it; a title is one line of text"
        )
    if text.startswith("$") or _INTERPOLATED.search(text):
        raise CompileError(
            f"{what} holds `$` where Label Studio would put the item's data: {text!r}",
            "write the full-width ＄, or USD",
        )
    return text


def is_xml(text: str) -> bool:
    """May every character of `text` stand in an XML document?"""
    return all(
        ch in "\t\n\r"
        or "\x20" <= ch <= "\ud7ff"
        or "\ue000" <= ch <= "\ufffd"
        or ch >= "\U00010000"
        for ch in text
    )


def _check(each: Class) -> None:
    checked_text(each.title, f"the title of class {each.id}")
    checked_text(each.id, "the name of a class")
    if each.color is not None and not _COLOR.fullmatch(each.color):
        raise CompileError(
            f"the color of class {each.id} is not a color: {each.color!r}", 'write it as "#4E79A7"'
        )


def _path(each: Class, by_id: dict[str, Class]) -> tuple[str, ...]:
    path: list[str] = []
    parent = each.parent
    while parent is not None:
        path.append(by_id[parent].title)
        parent = by_id[parent].parent
    return tuple(reversed(path))


def _titles(task: Task, choices: set[str], paths: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Titles on the page. In a list, two leaves of one title are told apart by their parents."""
    _refuse_repeats(
        task.classes,
        lambda c: SEPARATOR.join((*paths[c.id], c.title)),
        "two classes have the title",
    )
    if is_tree(task):
        return {c.id: c.title for c in task.classes}
    counts: dict[str, int] = {}
    for c in task.choices:
        counts[_fold(c.title)] = counts.get(_fold(c.title), 0) + 1
    titles = {
        c.id: SEPARATOR.join((*paths[c.id], c.title))
        if c.id in choices and counts[_fold(c.title)] > 1
        else c.title
        for c in task.classes
    }
    _refuse_repeats(task.choices, lambda c: titles[c.id], "two classes have the title")
    return titles


def _hotkeys(choices: Iterable[Class]) -> dict[str, str]:
    """Each class's own key; a digit for the class that is called so; for the others the first free ones.

    Free are those of the upper left keyboard.
    """
    choices = tuple(choices)
    own = [c for c in choices if c.hotkey is not None]
    for c in own:
        key = c.hotkey or ""
        if not key.strip() or any(ch.isspace() or ch == "," for ch in key) or not is_xml(key):
            raise CompileError(
                f"the hotkey of class {c.id} is not a key: {key!r}", 'write one key: hotkey = "f"'
            )
    _refuse_repeats(own, lambda c: c.hotkey or "", "two classes have the hotkey")
    given = {c.id: c.hotkey or "" for c in own}
    taken = {_fold(key) for key in given.values()}
    for c in choices:
        digit = _digit(c)
        if c.id not in given and digit and digit not in taken:
            given[c.id] = digit
            taken.add(digit)
    free = (key for key in _KEYS if key not in taken)
    keys = {c.id: given.get(c.id) or next(free, None) for c in choices}
    return {id_: key for id_, key in keys.items() if key is not None}


def _digit(each: Class) -> str | None:
    """The digit that the class is called: anybody would press that key, and get another class."""
    names = (each.id.rpartition(".")[2], each.title.strip())
    return next((name for name in names if len(name) == 1 and name in "0123456789"), None)


def _refuse_repeats(classes: Iterable[Class], of: Callable[[Class], str], what: str) -> None:
    seen: dict[str, str] = {}
    for each in classes:
        key = _fold(of(each))
        if key in seen:
            raise CompileError(
                f"{what} {of(each)!r}: {seen[key]} and {each.id}",
                "people could not tell them apart: change one of them",
            )
        seen[key] = each.id


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split())).casefold()
