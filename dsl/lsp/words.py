"""Help on the words of the language, as Markdown: what hovering and completion show."""

from __future__ import annotations

from typing import Any

from labelwright.dsl.calls import KINDS
from labelwright.dsl.glossary import KEYWORDS
from labelwright.dsl.metrics import Metric
from labelwright.dsl.plugins import Parameter, Signature
from labelwright.dsl.vocabulary import TYPES, Block, Clause, Setting

_TAKES = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text or a name",
    "bool": "true or false",
    "call": "a plug-in of the same kind",
    "list": "a list",
    "any": "a value",
}
_NUMBERS = {
    "proportion": "a share of the items",
    "score": "a score",
    "count": "a count of items",
    "error": "an error",
}


def keyword(word: str) -> str:
    """What a word of the grammar says."""
    return KEYWORDS[word].help


def keyword_help(word: str) -> str:
    """The same with an example; empty for what is no such word."""
    known = KEYWORDS.get(word)
    return _joined([f"**{word}** · {known.help}", code(known.example)]) if known else ""


def block_help(entry: Block) -> str:
    """What a block is for, and what may stand in it."""
    lines = [f"**{entry.name}** · {entry.help}"]
    parts = [f"`{s.name}`" for s in entry.settings]
    parts += [f"`{c.name} when …`" for c in entry.clauses]
    parts += [f"`{name} NAME {{ … }}`" for name in entry.blocks]
    if parts:
        lines.append(f"May hold {', '.join(parts)}.")
    lines.append(_called(entry.also))
    return _joined(lines)


def setting_help(entry: Setting, block: str) -> str:
    """What a setting says, what it takes, and an example that can be copied."""
    takes = " or ".join(f"`{w}`" for w in entry.words) if entry.words else TYPES[entry.type]
    if entry.type == "file":
        takes = " or ".join(f'`{w}("…")`' for w in entry.words)
    if entry.plugin:
        takes = f"a {KINDS[entry.plugin]}: {TYPES[entry.type]}"
    unit = f", in {entry.unit}" if entry.unit else ""
    lines = [f"**{entry.name}** · {entry.help}", f"Takes {takes}{unit}{_bounds(entry)}."]
    if entry.of == "class":
        lines.append(f"May be said for single classes: `{entry.name} of CLASS = …`.")
    elif entry.of == "input":
        lines.append(f"May be said for each kind of input: `{entry.name} of image = …`.")
    if entry.default:
        lines.append(f"Default: `{entry.default}`")
    lines.append(code(f"{block} {{ {entry.name} = {entry.example} }}" if block else entry.example))
    lines.append(_called(entry.also))
    return _joined(lines)


def _bounds(entry: Setting) -> str:
    least, most = entry.least, entry.most
    if least is not None and most is not None:
        return f", between {least:g} and {most:g}"
    if least is not None:
        return f", at least {least:g}"
    return f", at most {most:g}" if most is not None else ""


def clause_help(entry: Clause) -> str:
    """What a sentence inside a block says."""
    lines = [f"**{entry.name} when** · {entry.help}", code(f"{entry.name} when {entry.example}")]
    return _joined([*lines, _called(entry.also)])


def metric_help(entry: Metric) -> str:
    """What a metric measures and how a criterion on it is written."""
    most = "" if entry.most is None else f" to {entry.most:g}"
    kind = f"{_NUMBERS[entry.kind].capitalize()}, from {entry.least:g}{most or ' up'}; "
    lines = [f"**{entry.name}** · {entry.help}", f"{kind}{entry.better} is better."]
    if entry.needs == "people":
        lines.append("Known from items that two or more people judged.")
    if entry.scale:
        lines.append("Only where classes stand on a scale.")
    if entry.task != "any":
        lines.append(f"Only with `kind = {entry.task}`.")
    if entry.choose != "any" and entry.task != "spans":
        lines.append(f"Only with `choose = {entry.choose}`.")
    lines.append(code("\n".join(metric_forms(entry))))
    return _joined([*lines, _called(entry.also)])


def metric_forms(entry: Metric) -> list[str]:
    """Criteria on a metric, as they may be written."""
    op = "<=" if entry.better == "lower" else ">="
    value = {"count": "60", "error": "5%", "proportion": "90%", "score": "0.80"}[entry.kind]
    subjects = [] if entry.of == "must" else [entry.name]
    if entry.of != "no":
        subjects += [f"{entry.name} of CLASS", f"{entry.name} of each class"]
    forms = [f"{subject} {op} {value}" for subject in subjects]
    forms += [f"{subjects[0]} {op} {value} at 90% {other}" for other in entry.operating_point]
    return forms


def plugin_help(signature: Signature) -> str:
    """What a plug-in does and what may stand in its brackets."""
    lines = [code(written(signature)), signature.help, f"A {KINDS[signature.kind]}."]
    if signature.kind == "resolve":
        lines[0] = code(signature.name)
    elif signature.parameters:
        rows = [f"- {_parameter(p)}" for p in signature.parameters]
        lines.append("\n".join(rows))
    return _joined(lines)


def written(signature: Signature) -> str:
    """`csv(path, delimiter = ",")`: a plug-in with all of its arguments."""
    if not signature.parameters:
        return signature.name
    shown = []
    for p in signature.parameters:
        if p.variadic:
            shown.append(f"{p.name}, …")
        elif p.open:
            shown.append("name = …")
        elif p.required or p.default is None:
            shown.append(p.name if p.positional else f"{p.name} = …")
        else:
            shown.append(f"{p.name} = {value_text(p.default)}")
    return f"{signature.name}({', '.join(shown)})"


def argument_help(parameter: Parameter) -> str:
    """What one argument takes."""
    return _parameter(parameter)


def _parameter(parameter: Parameter) -> str:
    if parameter.open:
        return f"further `name = …`: {_TAKES[parameter.type]} each"
    more = ", any number of them" if parameter.variadic else ""
    if not parameter.required and not parameter.variadic and parameter.default is not None:
        more = f", `{value_text(parameter.default)}` by default"
    elif parameter.required:
        more = ", required"
    return f"`{parameter.name}`: {_TAKES[parameter.type]}{more}"


def value_text(value: Any) -> str:
    """A plain Python value as the language writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def code(text: str) -> str:
    """Text of the language, to be shown as such."""
    return f"```labelwright\n{text}\n```"


def _called(also: tuple[str, ...]) -> str:
    return f"Elsewhere called {', '.join(also)}." if also else ""


def _joined(parts: list[str]) -> str:
    return "\n\n".join(p for p in parts if p)
