"""A new task file: everything that can be known beforehand, and gaps for what only people know.

The text is laid out as the formatter lays it out. Names are made valid whatever the raw values are,
and every raw value stays readable as a title and matched as an alias.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

Line = tuple[str, str] | tuple[str, str, str]  # setting, value, comment

_COMMENT_WIDTH = 72
_USUAL_HOLDOUT = 300


@dataclass(frozen=True)
class ProposedClass:
    """A class found in a column: its spellings, the commonest first, and some items of it."""

    spellings: tuple[str, ...]
    count: int | None = None
    samples: tuple[str, ...] = ()


def scaffold(
    name: str,
    *,
    title: str,
    classes: Sequence[ProposedClass],
    source_call: str,
    id: str | None = None,
    text: Sequence[str] = (),
    image: Sequence[str] = (),
    columns: Sequence[str] = (),
    label: str | None = None,
    annotators: str | None = None,
    items: int | None = None,
) -> str:
    """The text of a new task file, to be filled in by a person.

    `source_call` is written as it stands, such as `csv("reviews.csv")`; columns are names in the
    data. With `label`, a column that holds the answers, the campaign is rehearsed by simulated
    annotators; else `annotators` says what stands after `from =`. `items` is how many there are,
    where it is known: it bounds holdout and budget.
    """
    task = valid_name(name) or "task"
    people = annotators or (
        f"simulate(column = {column_name(label)}, people = 1, error = 0%)" if label else None
    )
    holdout, budget = _sizes(items)
    blocks = [
        "# Fill in the guide and every `describe`: annotators read nothing else. Then run\n"
        f"# `labelwright check {task}.task`, and again after every change.",
        _block(
            f"task {task} {quoted(_one_line(title) or task)}",
            [
                ("kind", "classification"),
                ("choose", "one"),
                ("guide", '""', "what is asked, and what to do when two classes fit"),
            ],
        ),
        *_classes(classes),
        _block("data", _data(source_call, id, text, image, columns)),
        _block(
            "holdout",
            [("size", "20%"), ("annotations", grouped(holdout), "measuring; never trained on")],
        ),
    ]
    if people:
        comment = "a rehearsal: answers come from the data" if people.startswith("simulate") else ""
        blocks.append(_block("annotators", [("from", people, comment)]))
    blocks += [
        _block(
            "budget",
            [("annotations", grouped(budget), "training and holdout"), ("per_round", "20 items")],
        ),
        _block("train", [("encoder", _encoder(text, image, columns)), ("finetune", "head")]),
        _accept(holdout),
    ]
    return "\n\n".join(blocks) + "\n"


def valid_name(raw: str) -> str:
    """`raw` as a name of the language, in its own script: `Sci/Tech` → `SciTech`; "" if impossible.

    A whole number stays as it is; other names begin with a letter.
    """
    raw = unicodedata.normalize("NFC", raw).strip()
    if _is_name(raw):
        return raw
    words = "".join(ch if ch != "_" and _is_name(f"N_{ch}") else " " for ch in raw).split()
    name = words[0] if len(words) == 1 else "".join(w[:1].upper() + w[1:] for w in words)
    tries = (name, name.capitalize(), f"N{name}") if name else ()
    return next((t for t in tries if _is_name(t)), "")


def column_name(raw: str) -> str:
    """A column as a task file writes it: bare where it is a name, else quoted."""
    return raw if _is_name(raw) and not raw[:1].isdigit() else quoted(raw)


def quoted(text: str) -> str:
    """`text` as a string of the language, on one line."""
    for plain, written in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(plain, written)
    return '"' + "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text) + '"'


def grouped(number: int) -> str:
    """A count as the language writes it: `2_300`."""
    return f"{number:_}"


# --- parts ------------------------------------------------------------------------------------


def _classes(classes: Iterable[ProposedClass]) -> list[str]:
    classes = tuple(classes)
    spelt = [{_fold(s) for s in each.spellings} for each in classes]
    names: set[str] = set()
    written = []
    for position, each in enumerate(classes):
        # A name must not be how the data spell another class: a value would then match both.
        others = set[str]().union(*spelt[:position], *spelt[position + 1 :])
        name = _free_name(each.spellings[0], position + 1, names | others)
        names.add(_fold(name))
        written.append(_class(each, name))
    return written


def _free_name(raw: str, number: int, taken: set[str]) -> str:
    stem = valid_name(raw) or f"Class{number}"
    name, again = stem, 2
    while _fold(name) in taken:
        name, again = f"{'N' if stem.isdecimal() else ''}{stem}_{again}", again + 1
    return name


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip()).casefold()


def _class(each: ProposedClass, name: str) -> str:
    raw = each.spellings[0]
    others = each.spellings[1:] if name == raw else each.spellings
    # Label Studio puts an item's data where a title says `$word`.
    title = _one_line(raw.replace("$", "＄"))
    head = f"class {name}" if name == raw else f"class {name} {quoted(title)}"
    lines: list[Line] = [("describe", '""', "what belongs here, and what does not")]
    if others:
        lines.append(("aliases", f"[{', '.join(quoted(o) for o in others)}]"))
    return "\n".join([*_remarks(each), _block(head, lines)])


def _remarks(each: ProposedClass) -> list[str]:
    remarks = [f"# {each.count:,} items"] if each.count is not None else []
    return remarks + [f"#   {_shortened(sample)}" for sample in each.samples]


def _one_line(text: str) -> str:
    return " ".join("".join(ch if ch.isprintable() else " " for ch in text).split())


def _shortened(text: str) -> str:
    text = _one_line(text)
    return text if len(text) <= _COMMENT_WIDTH else text[: _COMMENT_WIDTH - 1].rstrip() + "…"


def _data(
    source_call: str,
    id_: str | None,
    text: Sequence[str],
    image: Sequence[str],
    columns: Sequence[str],
) -> list[Line]:
    lines: list[Line] = [("source", source_call)]
    if id_:
        lines.append(("id", column_name(id_)))
    for setting, names in (("text", text), ("image", image), ("columns", columns)):
        if len(names) == 1 and setting != "columns":
            lines.append((setting, column_name(names[0])))
        elif names:
            lines.append((setting, f"[{', '.join(column_name(n) for n in names)}]"))
    return lines


def _sizes(items: int | None) -> tuple[int, int]:
    """Annotations for the holdout and in all."""
    if items is None:
        return _USUAL_HOLDOUT, 2 * _USUAL_HOLDOUT
    holdout = max(1, min(_USUAL_HOLDOUT, items // 5))
    return holdout, holdout + max(1, min(_USUAL_HOLDOUT, items - holdout))


def _encoder(text: Sequence[str], image: Sequence[str], columns: Sequence[str]) -> str:
    if image and not text:
        return "pixels"
    return "table" if columns and not text else "tfidf"


def _accept(holdout: int) -> str:
    # With fewer items the interval is so wide that only a near-perfect model would pass.
    sure = " with 95% confidence" if holdout >= 60 else ""
    return f"accept {{\n  accuracy >= 80%{sure}\n}}"


def _block(head: str, lines: Sequence[Line]) -> str:
    width = max(len(line[0]) for line in lines)
    written = []
    for line in lines:
        text = f"  {line[0]:<{width}} = {line[1]}"
        if len(line) == 3 and line[2]:
            text += f"  # {line[2]}"
        written.append(text)
    return "\n".join([f"{head} {{", *written, "}"])


@cache
def _grammar() -> tuple[re.Pattern[str], frozenset[str]]:
    """What a name looks like and the words that are none, read from the grammar itself."""
    grammar = (Path(__file__).parent / "task.lark").read_text(encoding="utf-8")
    name = re.search(r"^NAME: /(.+)/$", grammar, re.MULTILINE)
    assert name is not None, "task.lark says what a NAME is"
    return re.compile(rf"{name.group(1)}|[0-9]+"), frozenset(re.findall(r'"([a-z]+)"', grammar))


def _is_name(text: str) -> bool:
    pattern, keywords = _grammar()
    return text not in keywords and pattern.fullmatch(text) is not None
