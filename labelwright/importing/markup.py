"""XML as a tree of elements with line numbers, read so that no file can do harm.

The standard library's expat does the reading, and whatever could reach outside or grow (document
types, entities, external references) is refused before it is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from labelwright.importing.found import fault

_DEPTH = 60
_ELEMENTS = 50_000


@dataclass(eq=False)
class Element:
    """One element; tag and attribute names are in lower case, as Label Studio takes them."""

    tag: str
    attributes: dict[str, str]
    line: int
    parent: Element | None
    children: list[Element] = field(default_factory=list)

    def get(self, name: str) -> str:
        """An attribute without the white space around it; "" where it is not there."""
        return self.attributes.get(name.lower(), "").strip()

    def walk(self) -> Iterator[Element]:
        """This element and all within it, in the order of the file."""
        yield self
        for child in self.children:
            yield from child.walk()

    def above(self) -> Iterator[Element]:
        """The elements that this one stands in, the nearest first."""
        here = self.parent
        while here is not None:
            yield here
            here = here.parent


def parse(path: Path, text: str) -> Element:
    """The root element. Raises ImportingError naming the line of what is wrong."""
    parser = expat.ParserCreate(encoding="utf-8")
    parser.buffer_text = True
    top: list[Element] = []
    open_: list[Element] = []
    count = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        line = parser.CurrentLineNumber
        if len(open_) >= _DEPTH:
            raise fault(path, line, f"elements are nested more than {_DEPTH} deep", "flatten them")
        if count > _ELEMENTS:
            raise fault(
                path, line, f"there are more than {_ELEMENTS:,} elements", "name a smaller one"
            )
        parent = open_[-1] if open_ else None
        lowered = {name.lower(): value for name, value in attributes.items()}
        element = Element(tag.lower(), lowered, line, parent)
        (parent.children if parent else top).append(element)
        open_.append(element)

    def end(tag: str) -> None:
        open_.pop()

    def refuse(*_: object) -> NoReturn:
        raise fault(
            path,
            parser.CurrentLineNumber,
            "it declares a document type, which may hide entities; that is never read",
            "delete the `<!DOCTYPE …>`; a labelling config needs none",
        )

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    try:
        parser.Parse(text.encode("utf-8"), True)
    except expat.ExpatError as error:
        raise fault(
            path,
            error.lineno,
            f"this is no XML: {expat.errors.messages.get(error.code, str(error.code))}",
            "copy the whole labelling config from Label Studio; `&` is written `&amp;` in it",
        ) from error
    return top[0]
