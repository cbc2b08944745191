"""What completion offers: words with what they insert, made into the protocol's items at the end."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lsprotocol import types

from labelwright.dsl.frozen import Frozen

Kind = types.CompletionItemKind
_PLACEHOLDER = re.compile(r"\$\{\d+:((?:\\.|[^}\\])*)\}|\$\{\d+\|([^,|]*)[^}]*\|\}|\$\d+")
_ESCAPED = re.compile(r"\\([\\$}|,])")


class Item(Frozen):
    """One word to choose. `insert` is a snippet: `name = ${1:value}`; empty: the label itself."""

    label: str
    kind: Kind
    detail: str = ""
    insert: str = ""
    help: str = ""  # Markdown
    filter: str = ""  # what typing is compared with, where that is more than the label


def literal(text: str) -> str:
    """Text that stands in a snippet for itself."""
    return re.sub(r"([\\$}])", r"\\\1", text)


def hole(number: int, text: str) -> str:
    """A place of a snippet to be filled in, with a suggestion."""
    return f"${{{number}:{literal(text)}}}"


def choice(number: int, words: Iterable[str]) -> str:
    """A place of a snippet where one of some words is chosen."""
    escaped = (re.sub(r"([\\$}|,])", r"\\\1", word) for word in words)
    return f"${{{number}|{','.join(escaped)}|}}"


def without_holes(snippet: str) -> str:
    """A snippet as plain text, for editors that know no snippets."""
    filled = _PLACEHOLDER.sub(lambda m: m[1] or m[2] or "", snippet)
    return _ESCAPED.sub(r"\1", filled)


def protocol_items(
    items: Iterable[Item], range_: types.Range, *, snippets: bool
) -> types.CompletionList:
    """Items in their order, each replacing `range_`; of two with one label only the first."""
    made: dict[str, types.CompletionItem] = {}
    for item in items:
        if item.label in made:
            continue
        text = item.insert or literal(item.label)
        with_holes = snippets and "$" in text.replace("\\$", "")
        made[item.label] = types.CompletionItem(
            label=item.label,
            kind=item.kind,
            detail=item.detail or None,
            documentation=types.MarkupContent(types.MarkupKind.Markdown, item.help)
            if item.help
            else None,
            sort_text=f"{len(made):04d}",
            filter_text=item.filter or None,
            insert_text_format=types.InsertTextFormat.Snippet
            if with_holes
            else types.InsertTextFormat.PlainText,
            insert_text_mode=types.InsertTextMode.AdjustIndentation if "\n" in text else None,
            text_edit=types.TextEdit(range_, text if with_holes else without_holes(text)),
        )
    return types.CompletionList(is_incomplete=False, items=list(made.values()))
