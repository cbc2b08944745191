"""Pages of codes and meanings of words, as text for a terminal and as JSON.

On a terminal the lines of an example that are wrong, or mended, are in colour; everywhere they carry
a mark at the margin.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from labelwright.dsl.explaining import CODE, GROUPS, Page, Part, codes, page
from labelwright.dsl.glossary import Keyword, Meaning
from labelwright.dsl.metrics import Metric
from labelwright.dsl.plugins import Catalogue, Signature
from labelwright.dsl.vocabulary import BLOCKS, FILE, TYPES, Block, Clause, Reserved, Setting
from labelwright.words import pad, wrap

Paint = Callable[[str, str], str]
"""A style (`error`, `right`, `head`) and a text -> the text in that style."""

_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")
_MARGIN = 4  # cells before the lines of an example


# --- codes -----------------------------------------------------------------------------------


def all_codes(width: int, paint: Paint) -> str:
    """Every code with its title, by group."""
    lines: list[str] = []
    for start, group in GROUPS.items():
        here = [code for code in codes() if code.startswith(start)]
        if here:
            lines += ["", paint("head", group)] if lines else [paint("head", group)]
        for code in here:
            first, *rest = wrap(page(code).title, width - 8)
            lines += [f"  {code}  {first}", *(f"        {line}" for line in rest)]
    return "\n".join(lines)


def page_text(told: Page, width: int, paint: Paint) -> str:
    """A page in lines of at most `width` cells; code is never broken."""
    head = f"{told.severity}[{told.code}]"
    lines = [f"{paint(told.severity, head)}{paint('head', f': {told.title}')}"]
    differing = _differing(told)
    for part in told.parts:
        lines.append("")
        match part.kind:
            case "text":
                lines += _prose(part.text, width)
            case "surroundings":
                lines += _indented(part.text)
            case "wrong" | "right" as kind:
                lines += _example(part, kind, differing[kind], paint)
    return "\n".join(lines)


def page_json(told: Page) -> dict[str, Any]:
    """A page as data."""
    prose = [part.text for part in told.parts if part.kind == "text"]
    linked = CODE.findall(" ".join(link for text in prose for link in _LINK.findall(text)))
    return {
        **code_json(told),
        "text": [_LINK.sub(r"\1", text) for text in prose],
        "examples": [
            {"kind": part.kind, "text": part.text, "escaped": part.escaped}
            for part in told.parts
            if part.kind != "text"
        ],
        "see": list(dict.fromkeys(linked)),
    }


def code_json(told: Page) -> dict[str, Any]:
    """What the list of codes says of one."""
    return {
        "code": told.code,
        "title": told.title,
        "severity": told.severity,
        "group": told.group,
    }


def _prose(text: str, width: int) -> Iterator[str]:
    for line in _LINK.sub(r"\1", text).split("\n"):
        if line.startswith("- "):
            first, *rest = wrap(line[2:], width - 4)
            yield from (f"  - {first}", *(f"    {more}" for more in rest))
        else:
            yield from wrap(line, width)


def _example(part: Part, kind: str, differing: set[int], paint: Paint) -> Iterator[str]:
    style, sign, head = ("error", "✗", "Wrong") if kind == "wrong" else ("right", "✓", "Right")
    yield paint(style, head)
    for number, line in enumerate(_indented(part.text)):
        marked = number in differing and line
        yield paint(style, f"  {sign} {line[_MARGIN:]}") if marked else line


def _indented(text: str) -> list[str]:
    return [" " * _MARGIN + line if line else "" for line in text.splitlines()]


def _differing(told: Page) -> dict[str, set[int]]:
    """The lines of the first wrong and the first right example that the other one does not have."""
    from difflib import SequenceMatcher

    wrong, right = told.part("wrong"), told.part("right")
    found: dict[str, set[int]] = {"wrong": set(), "right": set()}
    if wrong is None or right is None:
        return found
    a, b = wrong.text.splitlines(), right.text.splitlines()
    for tag, i, j, k, n in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag != "equal":
            found["wrong"] |= set(range(i, j))
            found["right"] |= set(range(k, n))
    return found


# --- words -----------------------------------------------------------------------------------


def meaning_text(
    word: str, meaning: Meaning, catalogue: Catalogue, width: int, paint: Paint
) -> str:
    """One meaning of a word: what it is, what it says, and its facts in two columns."""
    lines = [paint("head", _heading(meaning))]
    if meaning.how == "synonym":
        lines += wrap(f"What you call `{word}` is called `{meaning.name}` here.", width)
    elif meaning.how == "value":
        lines.append(f"`{word}` is one of its values.")
    known = facts(meaning, catalogue)
    lines += wrap(known.pop("help"), width)
    rows = {key.replace("_", " "): value for key, value in known.items() if value}
    tables = {key: value for key, value in rows.items() if isinstance(value, dict)}
    plain = {key: _said(value) for key, value in rows.items() if key not in tables}
    if plain:
        lines += ["", *_columns(plain, width)]
    for key, table in tables.items():
        lines += ["", paint("head", key.capitalize()), *_columns(table, width)]
    return "\n".join(lines)


def meaning_json(meaning: Meaning, catalogue: Catalogue) -> dict[str, Any]:
    """One meaning as data."""
    about = {"kind": meaning.kind, "name": meaning.full_name, "asked_by": meaning.how}
    return about | facts(meaning, catalogue)


def facts(meaning: Meaning, catalogue: Catalogue) -> dict[str, Any]:
    """What is known of a word: `help` first; what does not apply to it is empty."""
    match meaning.entry:
        case Block() as block:
            return _block(block)
        case Setting() as setting:
            return {
                "help": setting.help,
                "takes": _takes(setting),
                "installed": list(catalogue.names(setting.plugin)) if setting.plugin else [],
                "unit": setting.unit,
                "said_of": {"class": "a class", "input": "text, image or columns"}.get(setting.of),
                "default": setting.default
                or ("" if setting.required else "none, or worked out from the rest"),
                "required": setting.required,
                "example": f"{setting.name} = {setting.example}",
                "also_called": list(setting.also),
            }
        case Clause() as clause:
            return {
                "help": clause.help,
                "example": f"{clause.name} when {clause.example}",
                "also_called": list(clause.also),
            }
        case Metric() as metric:
            return _metric(metric)
        case Keyword() as keyword:
            return {"help": keyword.help, "example": f"{keyword.block} {{ {keyword.example} }}"}
        case Signature() as plugin:
            return {"help": plugin.help or "No description.", "takes": _arguments(plugin)}
        case Reserved() as later:
            return {"help": f"{later.what} will come with a later version."}
        case str(help):
            return {"help": help, "written": f"{meaning.name}(FIELD), in a condition"}


def _heading(meaning: Meaning) -> str:
    home = f" of `{meaning.block}`" if meaning.block else ""
    match meaning.kind:
        case "block":
            around = next((b.name for b in BLOCKS.values() if meaning.name in b.blocks), "")
            inside = "" if meaning.name in FILE.blocks or not around else f" of `{around}`"
            return f"{meaning.name}: a block{inside}"
        case "plug-in":
            return f"{meaning.name}: {_a(meaning.block)}"
        case "later":
            return f"{meaning.name}: kept for a later version"
        case kind:
            return f"{meaning.name}: {_a(kind)}{home}"


def _block(block: Block) -> dict[str, Any]:
    settings = {
        s.name: f"{s.help} [{s.default}]" if s.default and not s.required else s.help
        for s in block.settings
    }
    forms = {
        "rules": "NAME: vote CLASS when CONDITION",
        "constraints": "CLASS requires CLASS, or CLASS excludes CLASS",
        "criteria": "METRIC >= VALUE, perhaps `of` a class, `with 95% confidence`, `on` a slice",
    }
    name = " NAME" if block.named else ""
    title = ' "Title"' if block.titled else ""
    guard = f" {block.guard} CONDITION" if block.guard else ""
    body = "" if block.body == "no" else " { … }"
    return {
        "help": block.help,
        "written": f"{block.name}{name}{title}{guard}{body}",
        "lines": forms.get(block.lines, ""),
        "also_called": list(block.also),
        "settings": settings,
        "sentences": {f"{c.name} when …": c.help for c in block.clauses},
        "blocks": {name: BLOCKS[name].help for name in block.blocks},
    }


def _metric(metric: Metric) -> dict[str, Any]:
    of = {"must": " of CLASS", "may": "", "no": ""}[metric.of]
    sign = "<=" if metric.better == "lower" else ">="
    value = "5%" if metric.better == "lower" else "80%"
    target = "60" if metric.kind == "count" else f"{value} with 95% confidence"
    needs = {
        "holdout": "on the holdout",
        "people": "between people who judge the same item",
        "labels": "",
    }[metric.needs]
    only = [
        f"kind = {metric.task}" if metric.task != "any" else "",
        f"choose = {metric.choose}" if metric.choose != "any" else "",
        "a `scale`" if metric.scale else "",
    ]
    return {
        "help": metric.help,
        "measured": needs,
        "better": metric.better,
        "only_with": [word for word in only if word],
        "said_of": {"must": "a class", "may": "a class, or all", "no": ""}[metric.of],
        "for_the_whole": list(metric.instead),
        "example": f"accept {{ {metric.name}{of} {sign} {target} }}",
        "also_called": list(metric.also),
    }


def _takes(setting: Setting) -> str:
    if setting.type in ("word", "file"):
        form = {"word": "{}", "file": '{}("path")'}[setting.type]
        return " or ".join(form.format(word) for word in setting.words)
    least = "" if setting.least is None else f", at least {setting.least:g}"
    return TYPES[setting.type] + least


def _arguments(plugin: Signature) -> list[str]:
    said: list[str] = []
    for parameter in plugin.parameters:
        if parameter.variadic or parameter.open:
            said.append(f"{parameter.name} …")
        elif parameter.required:
            said.append(parameter.name)
        else:
            said.append(f"{parameter.name} = {_value(parameter.default)}")
    return said


def _value(value: object) -> str:
    if isinstance(value, str) and not value.isidentifier():
        return f'"{value}"'
    return str(value).lower() if isinstance(value, bool) else str(value)


def _said(value: Any) -> str:
    if value is True:
        return "yes"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _columns(rows: dict[str, str], width: int) -> Iterator[str]:
    left = max(len(key) for key in rows) + 2
    for key, value in rows.items():
        first, *rest = wrap(value, max(20, width - left - 2))
        yield f"  {pad(key, left)}{first}"
        yield from (f"  {' ' * left}{line}" for line in rest)


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
