"""The annotators' guide as lines of text: the same as the compiled page says."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from labelwright.desk.keymap import Keymap
from labelwright.dsl.compile.options import is_tree
from labelwright.dsl.compile.words import Words, words
from labelwright.dsl.task import Class, Sample, Task
from labelwright.words import clean, wrap


def guide_lines(task: Task, keymap: Keymap, width: int) -> list[Text]:
    """Everything that an annotator may want to know, in lines of at most `width` cells."""
    return list(_lines(task, keymap, width))


def _lines(task: Task, keymap: Keymap, width: int) -> Iterator[Text]:
    said = words(task)
    for line in _wrapped(task.title, width):
        line.stylize("bold")
        yield line
    for paragraph in (*task.guide.split("\n\n"), said.how(task, keys=not is_tree(task))):
        if paragraph.strip():
            yield from _wrapped(paragraph, width)
            yield Text()
    keys = {e.label: e.key for e in keymap.menu().entries} if keymap.listed else {}
    for each in task.children(None):
        yield from _class(task, each, keys, said, width, depth=0)
    if task.constraints:
        yield Text(said.together, "bold")
        titles = {c.id: c.title for c in task.classes}
        for constraint in task.constraints:
            yield from _wrapped(said.constraint(constraint, titles), width, "- ")


def _class(
    task: Task, each: Class, keys: dict[str, str], said: Words, width: int, *, depth: int
) -> Iterator[Text]:
    left = "  " * depth
    key = f"{keys[each.id]} " if each.id in keys else ""
    for line in _wrapped(key + each.title, width, left):
        line.stylize("bold")
        line.stylize("cyan", len(left), len(left) + len(key))
        yield line
    if each.describe:
        yield from _wrapped(each.describe, width, f"{left}  ")
    if each.role == "unusable":
        yield from _wrapped(said.unusable, width, f"{left}  ")
    yield from _samples(said.examples, each.examples, f"{left}  ", width)
    yield from _samples(said.counterexamples, each.counterexamples, f"{left}  ", width)
    yield Text()
    for child in task.children(each.id):
        yield from _class(task, child, keys, said, width, depth=depth + 1)


def _samples(name: str, samples: tuple[Sample, ...], left: str, width: int) -> Iterator[Text]:
    if samples:
        yield Text(f"{left}{name}", "dim")
    for sample in samples:
        marked = f" → {sample.marked}" if sample.kind == "span" and sample.marked else ""
        yield from _wrapped(sample.value + marked, width, f"{left}- ")


def _wrapped(text: str, width: int, left: str = "") -> Iterator[Text]:
    """`left` before the first line, as much room before the others."""
    for number, line in enumerate(wrap(clean(text), max(10, width - len(left)))):
        yield Text((left if number == 0 else " " * len(left)) + line)
