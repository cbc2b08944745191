"""Names that may be offered: classes, columns, plug-ins and their arguments."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from labelwright.dsl import plugins
from labelwright.dsl.calls import KINDS
from labelwright.dsl.context import fold
from labelwright.dsl.frozen import Frozen
from labelwright.dsl.lsp import words
from labelwright.dsl.lsp.items import Item, Kind, hole, literal
from labelwright.dsl.lsp.names import Names
from labelwright.dsl.naming import column_name
from labelwright.dsl.plugins import Catalogue, Parameter
from labelwright.dsl.surroundings import Surroundings


class Offers(Frozen):
    """What is known at a place: the text's own names, what is installed, what the data hold."""

    names: Names
    catalogue: Catalogue
    around: Surroundings
    path: tuple[str, ...] = ()  # the part of a dotted name that is written already


def class_items(offers: Offers) -> Iterator[Item]:
    """Classes as they are written in the shortest way; after `Politics.` its children."""
    path = [fold(p) for p in offers.path]
    for item in offers.names.classes:
        parts = item.id.split(".")
        label = offers.names.shortest(item.id)
        if path:
            above = [fold(p) for p in parts[:-1]]
            if above[-len(path) :] != path:
                continue
            label = parts[-1]
        title = item.title or (item.id if item.id != label else "")
        typed = f"{label} {item.title}" if item.title else ""
        yield Item(label, Kind.Class, title, filter=typed)


def column_items(offers: Offers) -> Iterator[Item]:
    """Columns of the data, quoted where they must be."""
    if offers.path:
        return
    for column in offers.around.columns:
        yield Item(column_name(column.name), Kind.Field, column.type, filter=column.name)


def plugin_items(offers: Offers, kind: plugins.Kind) -> Iterator[Item]:
    """Plug-ins of a kind, with brackets and what must stand in them."""
    for name in offers.catalogue.names(kind):
        signature = offers.catalogue.find(kind, name)
        if signature is None or kind == "resolve":
            yield Item(name, Kind.Function, KINDS[kind])
            continue
        needed = [p for p in signature.parameters if (p.required and not p.open) or p.variadic]
        holes = ", ".join(_argument(k, p) for k, p in enumerate(needed, start=1))
        text = f"{literal(name)}({holes})" if needed else literal(name)
        detail = signature.help or KINDS[kind]
        yield Item(name, Kind.Function, detail, text, words.plugin_help(signature))


def argument_items(parameters: Iterable[Parameter], given: Collection[str]) -> Iterator[Item]:
    """Arguments by name that are not given yet."""
    for p in parameters:
        if p.variadic or p.open or p.name in given:
            continue
        usual = words.value_text(p.default) if p.default is not None else "…"
        text = f"{p.name} = {hole(1, usual)}"
        yield Item(p.name, Kind.Variable, "an argument", text, words.argument_help(p))


def _argument(number: int, parameter: Parameter) -> str:
    filled = hole(number, parameter.name)
    if parameter.type == "str" and parameter.name != "column":
        filled = f'"{filled}"'
    return filled if parameter.positional else f"{parameter.name} = {filled}"
