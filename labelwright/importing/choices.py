"""The choices of a labelling config's control, as a tree of classes.

Children stand in their parent, or, as in the page that is compiled from a task, under a heading that
names the parents. A choice's `alias` is what Label Studio stores; the compiled page writes whole ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from labelwright.dsl.naming import one_line, shortened
from labelwright.dsl.scaffold_classes import ProposedClass
from labelwright.importing.found import MOST_DEPTH, ImportingError, fault, refuse_repeats
from labelwright.importing.markup import Element

_SEPARATOR = " › "
_KEY = re.compile(r"((ctrl|alt|shift|meta)\+)*\S", re.IGNORECASE)
_STYLED = re.compile(r"border-left:[^;]*?(#[0-9A-Fa-f]{6}|#[0-9A-Fa-f]{3})\b")


@dataclass
class _Node:
    """A class while the tree is put together."""

    line: int
    title: str
    stored: str  # what results carry
    name: str = ""
    describe: str = ""
    hotkey: str | None = None
    color: str | None = None
    children: dict[str, _Node] = field(default_factory=dict)

    def proposed(self) -> ProposedClass:
        return ProposedClass(
            spellings=(self.stored,),
            name=self.name,
            title=self.title,
            describe=self.describe,
            hotkey=self.hotkey,
            color=self.color,
            children=tuple(child.proposed() for child in self.children.values()),
        )

    def lines(self) -> Iterator[int]:
        yield self.line
        for child in self.children.values():
            yield from child.lines()


class Tree:
    """The choices of a control, each an element `tag`. `remarks` says what could not be kept."""

    def __init__(self, path: Path, control: Element, tag: str) -> None:
        self._path = path
        self._control = control
        self._tag = tag
        self._roots: dict[str, _Node] = {}
        self._keys: set[str] = set()
        self.remarks: list[str] = []

    def classes(self) -> tuple[ProposedClass, ...]:
        """Every class, in the order of the page. Raises ImportingError for empty and repeated ones."""
        self._take(self._control, [], "", 0)
        classes = tuple(node.proposed() for node in self._roots.values())
        lines = [line for node in self._roots.values() for line in node.lines()]
        refuse_repeats(self._path, classes, lines, "choice")
        return classes

    def _take(self, box: Element, above: list[_Node], heading: str, depth: int) -> None:
        """Read what stands in `box`; `heading` is the last one over it."""
        for element in box.children:
            if element.tag == "header":
                heading = one_line(element.get("value"))
            elif element.tag == self._tag:
                if depth >= MOST_DEPTH:
                    raise self._fault(element, "it stands too deep", f"at most {MOST_DEPTH} levels")
                node = self._node(element)
                self._place(node, above, element, heading if box is not self._control else "")
                self._take(element, [*above, node], "", depth + 1)
            elif element.children:
                self._take(element, above, "", depth)

    def _place(self, node: _Node, above: list[_Node], element: Element, heading: str) -> None:
        siblings = above[-1].children if above else self._roots
        parts = element.get("alias").split(".")
        if above:
            if len(parts) > 1:  # the compiled page writes whole ids
                node.name = node.stored = parts[-1]
        elif heading:
            ours = len(parts) > 1
            titles = heading.split(_SEPARATOR, len(parts) - 2) if ours else [heading]
            for position, title in enumerate(titles):
                name = parts[position] if ours else title
                siblings = siblings.setdefault(
                    name, _Node(element.line, title, name, name if ours else "")
                ).children
            if ours:
                node.name = node.stored = parts[-1]
                node.title = node.title.removeprefix(heading + _SEPARATOR)
        key = node.stored
        while key in siblings:  # reported by `refuse_repeats`, or told apart by their titles
            key += "\0"
        siblings[key] = node

    def _node(self, element: Element) -> _Node:
        title = one_line(element.get("value"))
        alias = element.get("alias")
        if not title:
            raise self._fault(element, "this choice has no value", 'write `value="…"`')
        if title.startswith("$"):
            raise self._fault(
                element,
                f"this choice takes its words from each item's data ({title})",
                "write the words themselves; a class is the same for every item",
            )
        return _Node(
            line=element.line,
            title=title,
            stored=alias or title,
            describe=one_line(element.get("hint")),
            hotkey=self._hotkey(element, title),
            color=self._color(element, title),
        )

    def _hotkey(self, element: Element, title: str) -> str | None:
        key = element.get("hotkey")
        if not key:
            return None
        if not _KEY.fullmatch(key):
            self.remarks.append(f"Left out: the hotkey {key!r} of {title}: it is no single key")
            return None
        if key.casefold() in self._keys:
            self.remarks.append(f"Left out: the hotkey {key!r} of {title}: another class has it")
            return None
        self._keys.add(key.casefold())
        return key

    def _color(self, element: Element, title: str) -> str | None:
        styled = _STYLED.search(element.get("style"))
        color = element.get("background") or element.get("color") or (styled[1] if styled else "")
        if not color:
            return None
        if re.fullmatch(r"#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})", color):
            return color
        from PIL import ImageColor

        try:
            red, green, blue = ImageColor.getrgb(color)[:3]
        except ValueError:
            self.remarks.append(
                f"Left out: the colour {shortened(color, 40)!r} of {title}: not known"
            )
            return None
        return f"#{red:02X}{green:02X}{blue:02X}"

    def _fault(self, element: Element, what: str, remedy: str) -> ImportingError:
        return fault(self._path, element.line, what, remedy)
