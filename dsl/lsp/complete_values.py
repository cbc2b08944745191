"""What may follow `=`: the words, names and plug-ins that a setting takes, and what goes in brackets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lark import Token

from labelwright.dsl import plugins
from labelwright.dsl.lsp.items import Item, Kind, choice, hole, literal
from labelwright.dsl.lsp.offers import Offers, argument_items, column_items, plugin_items
from labelwright.dsl.plugins import Parameter
from labelwright.dsl.vocabulary import Setting

_COLUMN = Parameter("key", "str"), Parameter("label", "str")
_NUMERIC = ("count", "number", "rate", "money", "price", "gold")


def value_sample(setting: Setting) -> str:
    """A value to be filled in, as a snippet."""
    if setting.type == "word":
        return choice(1, sorted(setting.words, key=lambda w: w != setting.default))
    if setting.type == "switch":
        return choice(1, sorted(("true", "false"), key=lambda w: w != setting.example))
    if setting.example.startswith('"'):
        return f'"{hole(1, setting.example[1:-1])}"'
    return hole(1, setting.example)


def value_items(offers: Offers, setting: Setting, written: Sequence[Token]) -> Iterator[Item]:
    """What may come after the tokens of a value that are written already."""
    opened: list[int] = []
    for k, token in enumerate(written):
        if token.type in ("LPAR", "LSQB"):
            opened.append(k)
        elif token.type in ("RPAR", "RSQB") and opened:
            opened.pop()
    if not opened:
        if not written:
            yield from _first(offers, setting)
        elif len(written) == 1 and written[0].type in ("INT", "NUMBER"):
            yield from _units(setting)
        elif setting.type == "price" and len(written) == 2:
            yield Item("per annotation", Kind.Unit)
        return
    at = opened[-1]
    if written[at].type == "LSQB":
        if written[-1].type in ("LSQB", "COMMA"):
            yield from _first(offers, setting, listed=True)
    elif at > 0 and written[at - 1].type == "NAME":
        yield from _argument(offers, setting, str(written[at - 1]), written[at + 1 :])


def _units(setting: Setting) -> Iterator[Item]:
    if setting.type in ("money", "price"):
        yield from (Item(word, Kind.Unit) for word in ("USD", "EUR", "KRW"))
    elif setting.type == "rate":
        yield Item(f"per {setting.unit}", Kind.Unit)
    elif setting.unit:
        yield Item(setting.unit, Kind.Unit)


def _first(offers: Offers, setting: Setting, *, listed: bool = False) -> Iterator[Item]:
    """What a value may begin with."""
    match setting.type:
        case "word":
            for word in setting.words:
                usual = "the default" if word == setting.default else ""
                yield Item(word, Kind.EnumMember, usual)
        case "switch":
            yield from (Item(word, Kind.EnumMember) for word in ("true", "false"))
        case "column" | "columns":
            yield from column_items(offers)
            if setting.type == "columns" and not listed and offers.around.columns:
                yield Item("[…]", Kind.Snippet, "several columns", "[$0]", filter="[")
        case "plugin" | "plugins" | "labelled":
            assert setting.plugin is not None
            yield from plugin_items(offers, setting.plugin)
            if setting.plugin == "encode":
                yield Item('"…"', Kind.Value, "a pretrained encoder", '"$0"')
        case "file":
            for word in setting.words:
                yield Item(word, Kind.Function, setting.help, f'{word}("{hole(1, "out/")}")')
        case "class" | "classes":
            now = {c.id for c in offers.names.classes}
            for name in sorted((offers.around.applied or frozenset()) - now):
                yield Item(name, Kind.Class, "a class there was before")
        case "samples":
            yield Item('"…"', Kind.Text, "a text", '"$0"')
            yield Item("image", Kind.Function, "a picture", f'image("{hole(1, "path.jpg")}")')
            whole = f'span("{hole(1, "the whole text")}", "{hole(2, "the part")}")'
            yield Item("span", Kind.Function, "a text and the part of it that is meant", whole)
        case "dedupe":
            yield Item("exact", Kind.EnumMember, "items that are the same")
            near = f"near({hole(1, '0.92')})"
            yield Item("near", Kind.Function, "items that are nearly the same", near)
        case "opinions":
            yield Item("none", Kind.EnumMember, "the default")
            yield Item("auto", Kind.EnumMember, "as many as are worth more than new items")
            yield Item("at_most", Kind.Function, "as `auto`, up to a share of the questions",
                       f"at_most({hole(1, '25%')})")  # fmt: skip
        case "gold":
            yield Item("40 items", Kind.Value, "so many", f"{hole(1, '40')} items")
            yield Item("file", Kind.Function, "answers in a file", f'file("{hole(1, "gold.csv")}")')
    plain = setting.type in (*_NUMERIC, "share", "text", "key", "color", "integers", "spellings")
    if plain and not listed and setting.type != "gold":
        yield Item(setting.example, Kind.Value, "for example", literal(setting.example))
        if setting.default and setting.default != setting.example:
            yield Item(setting.default, Kind.Value, "the default", literal(setting.default))


def _argument(
    offers: Offers, setting: Setting, name: str, written: Sequence[Token]
) -> Iterator[Item]:
    """What may stand in the brackets of a plug-in, after the tokens there."""
    if setting.plugin is None:
        return
    signature = offers.catalogue.find(setting.plugin, name)
    parameters = list(signature.parameters) if signature else []
    if setting.type == "labelled":
        parameters += [p for p in _COLUMN if p.name == "key" or setting.name != "join"]
    current, given, position = _so_far(written)
    named = {p.name: p for p in parameters}
    if not current:
        slots = [p for p in parameters if p.positional and not p.open]
        if position is not None and slots:
            slot = slots[min(position, len(slots) - 1)]
            if position < len(slots) or slot.variadic:
                yield from _argument_value(offers, setting.plugin, slot)
            given |= {p.name for p in slots[:position]}
        yield from argument_items(parameters, given)
    elif len(current) == 2 and current[1].type == "EQUAL" and str(current[0]) in named:
        yield from _argument_value(offers, setting.plugin, named[str(current[0])])


def _so_far(written: Sequence[Token]) -> tuple[list[Token], set[str], int | None]:
    """The argument begun, the names given before it, and its position (None after a named one)."""
    current: list[Token] = []
    given: set[str] = set()
    position: int | None = 0
    depth = 0
    for token in written:
        if token.type == "COMMA" and depth == 0:
            if len(current) > 1 and current[1].type == "EQUAL":
                given.add(str(current[0]))
                position = None
            elif position is not None:
                position += 1
            current = []
            continue
        depth += (token.type in ("LPAR", "LSQB")) - (token.type in ("RPAR", "RSQB"))
        current.append(token)
    return current, given, position


def _argument_value(offers: Offers, kind: plugins.Kind, parameter: Parameter) -> Iterator[Item]:
    if parameter.type == "bool":
        yield from (Item(word, Kind.EnumMember) for word in ("true", "false"))
    elif parameter.type == "call":
        yield from plugin_items(offers, kind)
    elif parameter.name in ("column", "key", "label"):
        yield from column_items(offers)
