"""Tree -> `Task`: every block read by its vocabulary entry, every default filled in.

`lower` sorts the blocks of the file; `blocks.py` has one small function a block. A block that is
missing or broken is replaced by its defaults, so that the rest is still checked; whether such a
draft may leave is decided in `read.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labelwright.dsl import blocks, defaults, tree
from labelwright.dsl import task as t
from labelwright.dsl.classes import read_classes
from labelwright.dsl.context import Context
from labelwright.dsl.diagnostics import Label
from labelwright.dsl.sections import Section, gather
from labelwright.dsl.vocabulary import BLOCKS, FILE, PHASE, Block

_Found = tuple[Block, tree.Block | tree.Sentence]


@dataclass
class Parts:
    """The blocks of a file: those that stand once by name, the others in order."""

    once: dict[str, Section]
    heads: dict[str, tree.Block | tree.Sentence]
    classes: list[_Found]
    slices: list[tree.Block | tree.Sentence]

    def section(self, name: str) -> Section:
        """The block's section; an empty one where the file has no such block."""
        return self.once.get(name) or Section(BLOCKS[name], (name,))


def lower(ctx: Context, file: tree.File) -> t.Task:
    """A draft of the Task: whole where `ctx.found` holds no error."""
    parts = Parts({}, {}, [], [])
    _sort(ctx, parts, gather(ctx, FILE, file.items).blocks)
    table = read_classes(ctx, parts.classes)
    _sort(ctx, parts, table.hoisted)
    _required(ctx, file, parts)
    data = blocks.lower_data(ctx, parts.section("data"))
    values = parts.section("task").values
    annotators = blocks.lower_annotators(ctx, parts.section("annotators"), _resolve(values))
    budget = blocks.lower_budget(parts.section("budget"))
    existing = blocks.lower_existing_labels(ctx, parts.once.get("existing_labels"))
    slices = blocks.lower_slices(ctx, parts.slices)
    usual = {"kind": "classification", "choose": "one", "scale": "nominal"}
    ctx.answer = {w: values.get(w, v) for w, v in usual.items() if ctx.sure(("task", w))}
    name, title = blocks.task_name(ctx, parts.heads.get("task"))
    return t.Task(
        name=name,
        title=title,
        kind=values.get("kind", "classification"),
        choose=values.get("choose", "one"),
        empty=values.get("empty", "forbidden"),
        choosable=values.get("classes", "leaves"),
        scale=values.get("scale", "nominal"),
        nesting=values.get("nesting", "flat"),
        guide=values.get("guide", ""),
        classes=tuple(table.classes),
        data=data,
        existing_labels=existing,
        holdout=blocks.lower_holdout(ctx, parts.section("holdout"), annotators, budget, existing),
        rules=blocks.lower_rules(ctx, parts.section("rules"), table),
        constraints=blocks.lower_constraints(ctx, parts.section("constraints"), table),
        slices=slices,
        annotators=annotators,
        budget=budget,
        query=blocks.lower_query(ctx, parts.once.get("query"), table),
        pseudo_labels=blocks.lower_pseudo_labels(
            ctx, parts.once.get("pseudo_labels"), table, parts.section("train")
        ),
        train=blocks.lower_train(ctx, parts.section("train"), data),
        accept=blocks.lower_accept(ctx, parts.section("accept"), table, slices),
        output=t.Output(**parts.section("output").values),
    )


def _resolve(task: Mapping[str, Any]) -> str:
    """How answers become one: people and a model together where an item has one class, else by majority."""
    one = task.get("kind", "classification") == "classification" and task.get("choose") != "many"
    return defaults.RESOLVE if one else "majority"


# --- the file's blocks ------------------------------------------------------------------------


def _sort(ctx: Context, parts: Parts, found: list[_Found]) -> None:
    waiting = list(found)
    while waiting:
        entry, node = waiting.pop(0)
        if entry.name == "class":
            parts.classes.append((entry, node))
        elif entry.name == "slice":
            parts.slices.append(node)
        elif entry.name in parts.once:
            if not ctx.cautious:
                ctx.error(
                    "E213",
                    node.head,
                    f"there is a second `{entry.name}` block",
                    "put both in one",
                    labels=(Label(parts.heads[entry.name].head.span, "the first is here"),),
                )
        else:
            place = (entry.name,)
            ctx.places[place] = node.head.span
            parts.heads[entry.name] = node
            if not blocks.well_formed(ctx, entry, node):
                ctx.broken.add(place)
            items = node.items if isinstance(node, tree.Block) else ()
            section = gather(ctx, entry, items, place)
            parts.once[entry.name] = section
            waiting += [b for b in section.blocks if b[0] is not PHASE]


def _required(ctx: Context, file: tree.File, parts: Parts) -> None:
    if ctx.cautious:
        return
    top = tree.Span(file.span.start, min(file.span.start + 1, file.span.end))
    ways = {
        "task": 'task NAME "Title" { … }',
        "class": "class NAME { … }",
        "data": "data { source = … }",
    }
    have = {
        "task": "task" in parts.once,
        "class": bool(parts.classes),
        "data": "data" in parts.once,
    }
    missing = [name for name, there in have.items() if not there and (name,) not in ctx.broken]
    if ctx.lost_class and "class" in missing:
        missing.remove("class")
    if missing:
        ctx.error(
            "E214",
            top,
            f"this file has no {' and no '.join(missing)}",
            f"write `{ways[missing[0]]}`",
            notes=("Every task file has a task, at least one class, and data.",),
        )
    data = parts.once.get("data")
    if data is not None and "source" not in data.values and ctx.sure(("data", "source")):
        ctx.error(
            "E214",
            ctx.places[("data",)],
            "`data` has no source",
            'write for example `source = csv("items.csv")`',
        )
