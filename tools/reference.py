"""Writes docs/reference.md from reference_text.md and the tables of the language.

`python tools/reference.py` writes the page, `--check` fails where it is stale. In the text,
`{{block budget}}` stands for the table of a block, and so on: see `_PARTS`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from labelwright.dsl.depth import MOST
from labelwright.dsl.glossary import KEYWORDS
from labelwright.dsl.metrics import METRICS, Metric
from labelwright.dsl.plugins import Kind, Parameter, Signature
from labelwright.dsl.reader import LARGEST
from labelwright.dsl.vocabulary import BLOCKS, FUNCTIONS, RESERVED, TYPES, Setting, Type
from labelwright.importing.found import MOST_BYTES, MOST_CLASSES
from labelwright.loop.items import MOST_FAULTS
from labelwright.loop.plugins import Installed

HERE = Path(__file__).parent
TEXT = HERE / "reference_text.md"
PAGE = HERE.parent / "docs" / "reference.md"
NOTICE = "<!-- Written by `python tools/reference.py`: change tools/reference_text.md or the tables. -->\n"

NOUNS: dict[Kind, str] = {
    "read": "sources", "encode": "encoders", "learn": "learners", "query": "query strategies",
    "pseudo": "methods", "annotate": "annotators", "resolve": "ways to resolve answers",
    "pretrain": "pretraining methods", "augment": "augmentations", "property": "properties",
    "track": "trackers",
}  # fmt: skip

SHAPES: dict[Type, str] = {
    "text": '`"Choose one."`', "word": "`noisy`", "column": '`body`, `"native-country"`',
    "columns": "`body`, `[title, body]`", "count": "`300`, `2_300`, `50 items`", "number": "`0.5`, `40`",
    "share": "`95%`, `0.95`", "money": "`700 USD`", "price": "`0.30 USD per annotation`",
    "rate": "`3 per label`", "switch": "`true`, `false`", "plugin": "`margin`, `mix(margin, random(10%))`",
    "plugins": "`[crop, flip]`", "file": '`html("out/report.html")`', "class": "`Play`",
    "classes": "`Matches`, `[A, B]`", "samples": '`["Kim scored twice"]`',
    "spellings": '`[sport, "체육", 3]`', "integers": "`[1, 2, 3]`", "key": '`"s"`, `"shift+s"`',
    "color": '`"#59A14F"`', "dedupe": "`exact`, `near(0.92)`", "gold": '`40 items`, `file("gold.csv")`',
    "labelled": '`csv("old.csv", key = id, label = topic)`', "opinions": "`auto`, `at_most(25%)`",
}  # fmt: skip


def page(installed: Installed | None = None) -> str:
    """The whole page as it should be."""
    catalogue = installed or Installed()
    text = TEXT.read_text(encoding="utf-8")

    def filled(mark: re.Match[str]) -> str:
        name, _, rest = mark[1].partition(" ")
        return _PARTS[name](rest, text, catalogue)

    written = re.sub(r"\{\{([a-z_ ]+)\}\}", filled, text)
    written = re.sub(r"\n{3,}", "\n\n", written)  # where a kind has no plug-in
    head, _, rest = written.partition("\n")
    return f"{head}\n\n{NOTICE}{rest}"


# --- parts ------------------------------------------------------------------------------------


def _contents(rest: str, text: str, installed: Installed) -> str:
    titles = re.findall(r"^## (.+)$", re.sub(r"(?ms)^```.*?^```", "", text), re.MULTILINE)
    return " · ".join(f"[{t}](#{t.lower().replace(' ', '-')})" for t in titles)


def _block(name: str, text: str, installed: Installed) -> str:
    block = BLOCKS[name]
    head = [block.name, *(["NAME"] if block.named else []), *(['"Title"'] if block.titled else [])]
    guard = {"when": " when CONDITION", "until": " [until CONDITION]", "": ""}[block.guard]
    body = "" if block.body == "no" else " { … }"
    without = ", or without braces" if block.body == "may" else ""
    often = {
        (True, True): "one or more",
        (True, False): "may be repeated",
        (False, True): "once, required",
        (False, False): "at most once",
    }[block.many, block.required]
    also = f" Others call it {_words(block.also, last='or')}." if block.also else ""
    lines = [f"Written `{' '.join(head)}{guard}{body}`{without}; {often}.{also}"]
    if block.settings:
        lines += ["", "| setting | takes | default | |", "|---|---|---|---|"]
        lines += [_setting(s) for s in block.settings]
    if block.clauses:
        lines += ["", "| sentence | for example | |", "|---|---|---|"]
        lines += [
            f"| `{c.name} when …` | `{_cell(f'{c.name} when {c.example}')}` | {c.help}{_also(c.also)} |"
            for c in block.clauses
        ]
    return "\n".join(lines)


def _setting(setting: Setting) -> str:
    takes = TYPES[setting.type]
    if setting.type == "word":
        takes = _words(setting.words, last="or")
    elif setting.type == "file":
        takes = _words([f'{word}("…")' for word in setting.words], last="or")
    elif setting.unit and setting.type != "rate":
        takes += f", in {setting.unit}"
    if setting.of:
        takes += "; may be said `of` " + ("a class" if setting.of == "class" else "an input")
    default = f"`{_cell(setting.default)}`" if setting.default else ""
    default = "required" if setting.required else default
    said = setting.help
    if not setting.words:
        said += f" For example `{_cell(setting.example)}`."
    return f"| `{setting.name}` | {takes} | {default} | {said}{_also(setting.also)} |"


def _also(words: tuple[str, ...]) -> str:
    return f" *Others: {', '.join(words)}.*" if words else ""


def _also_of(name: str, text: str, installed: Installed) -> str:
    return _words(BLOCKS[name].also, last="or")


def _metrics(rest: str, text: str, installed: Installed) -> str:
    lines = ["| metric | of a class | better | measured on | |", "|---|---|---|---|---|"]
    return "\n".join([*lines, *(_metric(m) for m in METRICS.values())])


def _metric(metric: Metric) -> str:
    of = {"no": "", "may": "may be", "must": "always"}[metric.of]
    where = {"holdout": "the holdout", "people": "people's answers", "labels": "the labels"}[
        metric.needs
    ]
    only = []
    if metric.task != "any":
        only.append(f"`kind = {metric.task}`")
    if metric.choose != "any":
        only.append(f"`choose = {metric.choose}`")
    if metric.scale:
        only.append("classes on a scale")
    said = f" Only for {' and '.join(only)}." if only else ""
    if metric.parameters:
        inside = ", ".join(_argument(p) for p in metric.parameters)
        said += f" Takes `{metric.name}({inside})`."
    if metric.operating_point:
        said += f" May be said `at N% {metric.operating_point[0]}`."
    return f"| `{metric.name}` | {of} | {metric.better} | {where} | {metric.help}{said}{_also(metric.also)} |"


def _plugins(kind: str, text: str, installed: Installed) -> str:
    found = [
        installed.find(kind, name) for name in installed.names(kind) if _ours(kind, name, installed)
    ]
    if not found:
        return ""
    noun = NOUNS[kind]
    if kind == "property":
        lines = ["Pictures have fields of their own, such as `brightness < 0.1`.", ""]
        lines += ["| field | |", "|---|---|"]
        return "\n".join([*lines, *(f"| `{s.name}` | {_cell(s.help)} |" for s in found if s)])
    lines = [f"The {noun} that come with labelwright; [plug-ins](plugins.md) add others.", ""]
    lines += [f"| {noun} | |", "|---|---|"]
    lines += [f"| `{_cell(_called(s))}` | {_cell(s.help)} |" for s in found if s is not None]
    return "\n".join(lines)


def _ours(kind: Kind, name: str, installed: Installed) -> bool:
    """Whether a plug-in comes with labelwright, so that the page is the same wherever it is made."""
    return installed.load(kind, name).__module__.startswith("labelwright.")


def _called(signature: Signature) -> str:
    """`simulate(column, people = 3)`: as a task file would write it."""
    if signature.kind == "resolve":  # named, never called
        return signature.name
    inside = ", ".join(_argument(p) for p in signature.parameters)
    return f"{signature.name}({inside})" if inside else signature.name


def _argument(parameter: Parameter) -> str:
    if parameter.variadic:
        return f"{parameter.name}…"
    if parameter.open:
        return "NAME = …"
    if parameter.required:
        return parameter.name
    value = parameter.default
    text = str(value).lower() if isinstance(value, bool) else str(value)
    text = f'"{value}"' if isinstance(value, str) else text
    return f"{parameter.name} = {text}"


def _functions(rest: str, text: str, installed: Installed) -> str:
    lines = ["| function | |", "|---|---|"]
    return "\n".join(
        [*lines, *(f"| `{name}(FIELD)` | {said} |" for name, said in FUNCTIONS.items())]
    )


def _keywords(rest: str, text: str, installed: Installed) -> str:
    words = ", ".join(f"`{name}`" for name in sorted(KEYWORDS))
    return f"The words of the grammar are {words}."


def _types(rest: str, text: str, installed: Installed) -> str:
    lines = ["| a setting that takes | is written |", "|---|---|"]
    return "\n".join(
        [*lines, *(f"| {said} | {_cell(SHAPES[kind])} |" for kind, said in TYPES.items())]
    )


def _reserved(rest: str, text: str, installed: Installed) -> str:
    lines = ["| word | where | what it will say |", "|---|---|---|"]
    for entry in RESERVED:
        where = {"": "the file", "*": "anywhere"}.get(entry.block, f"`{entry.block}`")
        word = f"`{entry.value_of} = {entry.word}`" if entry.value_of else f"`{entry.word}`"
        lines.append(f"| {word} | {where} | {entry.what} |")
    return "\n".join(lines)


def _exit_codes(rest: str, text: str, installed: Installed) -> str:
    from labelwright.cli import app

    told = str(app.info.epilog).partition(": ")[2]
    rows = [part.partition(" ") for part in told.split(" · ")]
    return "\n".join(
        ["| code | means |", "|---|---|", *(f"| {code} | {said} |" for code, _, said in rows)]
    )


def _limit(which: str, text: str, installed: Installed) -> str:
    return {
        "file": f"{LARGEST:,}", "depth": str(MOST), "classes": str(MOST_CLASSES),
        "import": str(MOST_BYTES // 1_000_000), "faults": f"{MOST_FAULTS:.0%}",
    }[which]  # fmt: skip


_PARTS: dict[str, Callable[[str, str, Installed], str]] = {
    "contents": _contents, "block": _block, "also": _also_of, "metrics": _metrics,
    "plugins": _plugins, "functions": _functions, "keywords": _keywords, "types": _types,
    "reserved": _reserved, "exit": _exit_codes, "limit": _limit,
}  # fmt: skip


def _words(words: object, *, last: str = "and") -> str:
    quoted = [f"`{w}`" for w in words]  # type: ignore[attr-defined]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"


def _cell(text: str) -> str:
    """A text inside a table's cell."""
    return text.replace("|", "\\|")


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` compare it; 1 where it is stale."""
    if "--check" in arguments:
        stale = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page()
        if stale:
            print(f"{PAGE.name} is stale: run `python tools/reference.py`")
        return int(stale)
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
