"""What is said about the word under the pointer."""

from __future__ import annotations

from lsprotocol import types

from labelwright.dsl import tree
from labelwright.dsl.context import fold
from labelwright.dsl.lsp import words
from labelwright.dsl.lsp.documents import Document
from labelwright.dsl.lsp.mentions import Mention
from labelwright.dsl.lsp.view import View
from labelwright.dsl.metrics import METRICS
from labelwright.dsl.plugins import Kind
from labelwright.dsl.tree import Span
from labelwright.dsl.vocabulary import BLOCKS, FUNCTIONS


def hover(view: View, offset: int) -> types.Hover | None:
    """Help on the word at an offset; None where there is none."""
    document = view.document
    mention = view.mentions.at(offset)
    if mention is not None:
        text, span = explain(view, mention), mention.span
    else:
        text, span = _by_place(document, offset)
    if not text:
        return None
    content = types.MarkupContent(types.MarkupKind.Markdown, text)
    return types.Hover(content, document.positions.range(span))


def explain(view: View, mention: Mention) -> str:
    """What a mention names, as Markdown; empty where nothing is known of it."""
    match mention.sort:
        case "block":
            return words.block_help(BLOCKS[mention.name])
        case "setting":
            return words.setting_help(BLOCKS[mention.of].setting(mention.name), mention.of)
        case "clause":
            clauses = BLOCKS[mention.of].clauses
            return words.clause_help(next(c for c in clauses if c.name == mention.name))
        case "word":
            block, _, setting = mention.of.partition(".")
            return words.setting_help(BLOCKS[block].setting(setting), block)
        case "metric":
            return words.metric_help(METRICS[mention.name]) if mention.name in METRICS else ""
        case "function":
            return f"**{mention.name}(column)** · {FUNCTIONS[mention.name]}"
        case "plugin":
            return _plugin(view, mention.of, mention.name)
        case "argument":
            return _argument(view, mention)
        case "class":
            return _class(view, mention.name)
        case "former":
            return "A class there was before. Labels that people gave under this name follow the new one."
        case "column":
            return _column(view, mention.name)
        case "slice" | "rule" | "phase":
            return _declared(view, mention)
        case _:
            return ""


def _by_place(document: Document, offset: int) -> tuple[str, Span]:
    """Help by where a word stands, which is known in a broken statement too."""
    outline = document.outline
    before, word, _ = outline.statement_at(offset)
    text = fold(document.text[word.start : word.end])
    if not text or outline.within(offset):
        return "", word
    entry = outline.block_at(offset).entry
    if not before and entry is not None:
        for setting in entry.settings:
            if setting.name == text:
                return words.setting_help(setting, entry.name), word
        for clause in entry.clauses:
            if clause.name == text:
                return words.clause_help(clause), word
        if entry.lines == "criteria" and text in METRICS:
            return words.metric_help(METRICS[text]), word
    if not before and text in BLOCKS:
        return words.block_help(BLOCKS[text]), word
    return words.keyword_help(text) if before else "", word


def _plugin(view: View, kind: str, name: str) -> str:
    signature = view.catalogue.find(kind, name)  # type: ignore[arg-type]
    return words.plugin_help(signature) if signature else ""


def _argument(view: View, mention: Mention) -> str:
    kind, _, name = mention.of.partition(" ")
    if kind == "metric":
        parameters = METRICS[name].parameters if name in METRICS else ()
    else:
        plain: Kind = kind  # type: ignore[assignment]
        signature = view.catalogue.find(plain, name)
        parameters = signature.parameters if signature else ()
    for parameter in parameters:
        if parameter.name == mention.name:
            return words.argument_help(parameter)
    if kind == "read" and mention.name in ("key", "label"):
        what = {"key": "The column to join by.", "label": "The column that holds the labels."}
        return f"`{mention.name}`: {what[mention.name]}"
    return ""


def _class(view: View, class_id: str) -> str:
    node = view.mentions.declared.get(class_id)
    if node is None:
        return ""
    known = next(c for c in view.mentions.classes.classes if c.id == class_id)
    lines = [f"**class {class_id}**" + (f" · {known.title}" if known.title != class_id else "")]
    said = {
        fold(item.subject.name.text): item
        for item in (node.items if isinstance(node, tree.Block) else ())
        if isinstance(item, tree.Setting)
    }
    describe = said["describe"].value if "describe" in said else None
    if isinstance(describe, tree.Text):
        lines.append(describe.value)
    parent = class_id.rpartition(".")[0]
    if parent:
        lines.append(f"A child of `{parent}`: every item of it is one of `{parent}` too.")
    children = [c.id for c in view.mentions.classes.classes if c.id.rpartition(".")[0] == class_id]
    if children:
        lines.append(f"Its children: {', '.join(f'`{c}`' for c in children)}.")
    text = view.document.text
    for name in ("examples", "aliases", "hotkey", "role", "was", "split_of"):
        if name in said:
            span = said[name].value.span
            lines.append(f"{name}: `{' '.join(text[span.start : span.end].split())}`")
    return "\n\n".join(lines)


def _column(view: View, name: str) -> str:
    column = next((c for c in view.around.columns if c.name == name), None)
    return f"**{name}** · a column of the data: {column.type}" if column else ""


def _declared(view: View, mention: Mention) -> str:
    """The whole statement that declares a slice or a rule; the head of a phase."""
    declared = view.mentions.declaration(mention)
    if declared is None:
        return ""
    piece = view.document.outline.piece_at(declared.span.start)
    return words.code(view.document.text[piece.span.start : piece.span.end])
