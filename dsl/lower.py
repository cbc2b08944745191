"""Tree -> `Task`: every block read by its vocabulary entry, every default filled in.

Reading order: `lower` sorts the blocks of the file, then one small function a block. A block that
is missing or broken is replaced by its defaults, so that the rest is still checked; whether such a
draft may leave is decided in `read.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labelwright.dsl import defaults, tree
from labelwright.dsl import task as t
from labelwright.dsl.classes import ClassTable, name_and_title, read_classes
from labelwright.dsl.conditions import item_condition, measured_condition, threshold_condition
from labelwright.dsl.context import Context, fold
from labelwright.dsl.criteria import read_criterion
from labelwright.dsl.diagnostics import Fix, Label
from labelwright.dsl.forms import read_value
from labelwright.dsl.sections import Section, gather
from labelwright.dsl.values import share
from labelwright.dsl.vocabulary import BLOCKS, FILE, INPUTS, PHASE, Block

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
    _required(ctx, file, parts, table)
    data = _data(ctx, parts.section("data"))
    annotators = _annotators(ctx, parts.section("annotators"))
    budget = _budget(parts.section("budget"))
    existing = _existing_labels(ctx, parts)
    slices = _slices(ctx, parts.slices)
    values = parts.section("task").values
    name, title = _task_name(ctx, parts)
    draft = t.Task(
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
        holdout=_holdout(ctx, parts.section("holdout"), annotators, budget, existing),
        rules=_rules(ctx, parts.section("rules"), table),
        constraints=_constraints(ctx, parts.section("constraints"), table),
        slices=slices,
        annotators=annotators,
        budget=budget,
        query=defaults.query(1),
        pseudo_labels=_pseudo_labels(ctx, parts, table),
        train=_train(ctx, parts.section("train"), data),
        accept=_accept(ctx, parts.section("accept"), table, slices),
        output=t.Output(**parts.section("output").values),
    )
    query = _query(ctx, parts, table) or defaults.query(len(draft.labels))
    return draft.model_copy(update={"query": query})


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
            if not _form(ctx, entry, node):
                ctx.broken.add(place)
            items = node.items if isinstance(node, tree.Block) else ()
            section = gather(ctx, entry, items, place)
            parts.once[entry.name] = section
            waiting += [b for b in section.blocks if b[0] is not PHASE]


def _form(ctx: Context, entry: Block, node: tree.Block | tree.Sentence) -> bool:
    """Whether name, guard and braces stand as the entry says."""
    if entry.body == "must" and not isinstance(node, tree.Block):
        ctx.error("E231", node, f"`{entry.name}` is a block", f"write `{entry.name} {{ … }}`")
    elif entry.body == "no" and isinstance(node, tree.Block):
        ctx.error(
            "E231",
            node.head,
            f"`{entry.name}` has no braces",
            f"write `{entry.name} NAME when …` on one line",
        )
    elif not entry.named and node.labels:
        ctx.error("E231", node.labels[0], f"`{entry.name}` has no name", f"write `{entry.name} {{`")
    elif node.guard is not None and node.guard.word != entry.guard:
        right = f"write `{entry.guard}`" if entry.guard else "leave it out"
        ctx.error("E231", node.guard, f"`{entry.name}` has no `{node.guard.word}`", right)
    elif entry.guard == "when" and node.guard is None:
        ctx.error(
            "E231",
            node,
            f"this {entry.name} does not say which items it holds",
            f"write `{entry.name} NAME when …`",
        )
    else:
        return True
    return False


def _required(ctx: Context, file: tree.File, parts: Parts, table: ClassTable) -> None:
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
    for name in missing:
        ctx.error(
            "E214",
            top,
            f"this file has no {name}",
            f"write `{ways[name]}`",
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


def _task_name(ctx: Context, parts: Parts) -> tuple[str, str]:
    node = parts.heads.get("task")
    named = name_and_title(ctx, BLOCKS["task"], node) if node is not None else None
    if named is None:
        return "task", "task"
    name, title = named
    if title is not None and not title.strip():
        assert node is not None
        ctx.error("E216", node.labels[-1], "this title is empty", "write what people should read")
        title = None
    return name.text, title if title is not None else name.text


# --- one function a block ---------------------------------------------------------------------


def _data(ctx: Context, section: Section) -> t.Data:
    values = dict(section.values)
    values.setdefault("source", t.Call(name="csv"))
    if "join" in values:
        source, key, _ = values["join"]
        values["join"] = t.Join(source=source, key=key)
    if "keep" in section.clauses:
        values["keep"] = item_condition(ctx, section.clauses["keep"])
    return t.Data(**values)


def _existing_labels(ctx: Context, parts: Parts) -> t.ExistingLabels | None:
    section = parts.once.get("existing_labels")
    if section is None:
        return None
    values = section.values
    source, key, label = values.get("source", (None, None, None))
    if label and "label" in values:
        ctx.error(
            "E212",
            ctx.places[("existing_labels", "label")],
            "`label` is given twice",
            "leave it out: the source names it",
            labels=(Label(ctx.places[("existing_labels", "source")], "given here first"),),
        )
    label = label or values.get("label")
    if label is None and ctx.sure(("existing_labels", "source"), ("existing_labels", "label")):
        ctx.error(
            "E214",
            ctx.places[("existing_labels",)],
            "`existing_labels` does not say which column holds them",
            "write `label = …`, in the source's brackets if there is one",
        )
    return t.ExistingLabels(
        source=source,
        key=key,
        label=label or "label",
        trust=values.get("trust", "noisy"),
        audit=values.get("audit", 0),
    )


def _holdout(
    ctx: Context,
    section: Section,
    annotators: t.Annotators,
    budget: t.Budget,
    existing: t.ExistingLabels | None,
) -> t.Holdout:
    values = section.values
    when = section.clauses.get("items")
    if when is not None and "size" in values:
        ctx.error(
            "E308",
            ctx.places[("holdout", "size")],
            "the holdout is given both by size and by `items when`",
            "keep one of them",
            labels=(Label(ctx.places[("holdout", "items")], "these items are the holdout"),),
        )
    size = values.get("size", defaults.HOLDOUT_SIZE)
    if not 0 < size < 1:
        ctx.error(
            "E216",
            ctx.places[("holdout", "size")],
            "the holdout takes a part of the items, not none or all",
            "for example `size = 20%`",
        )
        ctx.broken.add(("holdout", "size"))
    gold = annotators.gold.items or 0 if annotators.gold else 0
    elsewhere = gold + (existing.audit * annotators.overlap if existing else 0)
    third = defaults.holdout_annotations(budget.annotations, annotators.overlap, elsewhere)
    return t.Holdout(
        size=None if when is not None else size,
        when=item_condition(ctx, when) if when is not None else None,
        annotations=values.get("annotations", third),
        measure=values.get("measure", "uniform"),
    )


def _names(ctx: Context, what: str) -> Any:
    """A check that a name is new; names compare case-folded."""
    first: dict[str, tree.Name] = {}

    def new(name: tree.Name) -> bool:
        there = first.setdefault(fold(name.text), name)
        if there is name:
            return True
        ctx.error(
            "E210",
            name,
            f"there are two {what}s called {name.text}",
            "give one another name",
            labels=(Label(there.span, "the first is here"),),
        )
        return False

    return new


def _rules(ctx: Context, section: Section, table: ClassTable) -> tuple[t.Rule, ...]:
    rules: list[t.Rule] = []
    new = _names(ctx, "rule")
    for line in section.lines:
        assert isinstance(line, tree.RuleLine)
        unique = new(line.name)
        label = table.resolve(ctx, line.label) if line.label else None
        when = item_condition(ctx, line.when) if line.when else None
        weight = float(line.weight.value) if line.weight else 1.0
        if not 0 < weight < float("inf"):
            assert line.weight is not None
            ctx.error(
                "E216",
                line.weight,
                "a rule's weight must be above 0",
                "leave the rule out, or write `weight 1`",
            )
            continue
        if unique and (label is None) == (line.label is None):
            rules.append(
                t.Rule(
                    name=line.name.text, action=line.action, label=label, when=when, weight=weight
                )
            )
    return tuple(rules)


def _constraints(ctx: Context, section: Section, table: ClassTable) -> tuple[t.Constraint, ...]:
    constraints: list[t.Constraint] = []
    for line in section.lines:
        assert isinstance(line, tree.ConstraintLine)
        subject = table.resolve(ctx, line.subject)
        objects = [table.resolve(ctx, ref) for ref in line.objects]
        good = tuple(o for o in objects if o is not None)
        if subject is not None and len(good) == len(objects):
            ctx.places[("constraints", str(len(constraints)))] = line.span
            constraints.append(t.Constraint(subject=subject, relation=line.relation, objects=good))
    return tuple(constraints)


def _slices(ctx: Context, nodes: list[tree.Block | tree.Sentence]) -> tuple[t.Slice, ...]:
    slices: list[t.Slice] = []
    new = _names(ctx, "slice")
    for node in nodes:
        named = name_and_title(ctx, BLOCKS["slice"], node)
        fits = _form(ctx, BLOCKS["slice"], node)
        when = item_condition(ctx, node.guard.condition) if fits and node.guard else None
        if named is None:
            continue
        if new(named[0]) and when is not None:
            slices.append(t.Slice(name=named[0].text, when=when))
        else:
            ctx.lost.add(fold(named[0].text))
    return tuple(slices)


def _annotators(ctx: Context, section: Section) -> t.Annotators:
    values = section.values
    below: dict[str, float | None] = {}
    for clause in section.entry.clauses:
        if clause.name in section.clauses:
            below[clause.name] = threshold_condition(ctx, clause, section.clauses[clause.name])
    resolve = values.get("resolve")
    if resolve is not None and resolve.args:
        ctx.error(
            "E225",
            ctx.places[("annotators", "resolve")],
            f"`{resolve.name}` takes no arguments here",
            f"write `resolve = {resolve.name}`",
        )
    return t.Annotators(
        source=values.get("from", defaults.ANNOTATORS),
        overlap=values.get("overlap", 1),
        resolve=resolve.name if resolve else "majority",
        adjudicator=values.get("adjudicator"),
        gold=values.get("gold"),
        adjudicate_below=below.get("adjudicate"),
        pause_below=below.get("pause"),
    )


def _budget(section: Section) -> t.Budget:
    return t.Budget(**{"annotations": defaults.ANNOTATIONS, **section.values})


def _query(ctx: Context, parts: Parts, table: ClassTable) -> t.Query | None:
    section = parts.once.get("query")
    if section is None:
        return None
    phases: list[t.Phase] = []
    new = _names(ctx, "phase")
    for entry, node in section.blocks:
        if entry is not PHASE:
            continue
        named = name_and_title(ctx, PHASE, node)
        _form(ctx, PHASE, node)
        place = ("query", named[0].text if named else "")
        inner = gather(ctx, PHASE, node.items if isinstance(node, tree.Block) else (), place)
        until = None
        if node.guard is not None and node.guard.word == "until":
            until = measured_condition(ctx, node.guard.condition, table)
        strategy = inner.values.get("strategy")
        if strategy is None and not ctx.cautious and ctx.sure((*place, "strategy")):
            if isinstance(node, tree.Block):
                ctx.error("E214", node.head, "this phase has no strategy", "write `strategy = …`")
        elif strategy is not None and named is not None and new(named[0]):
            ctx.places[("query", named[0].text)] = node.head.span
            phases.append(t.Phase(name=named[0].text, strategy=strategy, until=until))
    return t.Query(phases=tuple(phases)) if phases else None


def _pseudo_labels(ctx: Context, parts: Parts, table: ClassTable) -> t.PseudoLabels | None:
    section = parts.once.get("pseudo_labels")
    if section is None:
        return None
    thresholds: dict[str, float] = {}
    for entry, item in section.about:
        assert isinstance(item.subject.of, tree.Ref)
        class_id = table.resolve(ctx, item.subject.of)
        if not isinstance(item.value, tree.Number | tree.PercentValue):
            ctx.error(
                "E215",
                item.value,
                f"`{entry.name}` takes a share between 0% and 100%",
                "write for example `99%`",
            )
            continue
        value = share(ctx, entry.name, item.value)
        if class_id in thresholds:
            ctx.error(
                "E212",
                item.subject,
                f"`{entry.name} of {class_id}` is given twice",
                "keep one of them",
            )
        elif class_id is not None and value is not None:
            thresholds[class_id] = value
    return t.PseudoLabels(**{"method": defaults.METHOD, **section.values, "thresholds": thresholds})


def _train(ctx: Context, section: Section, data: t.Data) -> t.Train:
    values = dict(section.values)
    of: dict[Any, t.Call] = {}
    for entry, item in section.about:
        assert isinstance(item.subject.of, tree.Ref)
        word = fold(item.subject.of.text)
        if word not in INPUTS:
            ctx.error(
                "E205",
                item.subject.of,
                f"`encoder of` is followed by text, image or columns, not `{item.subject.of.text}`",
                "write the kind of input",
            )
            continue
        call = read_value(ctx, "train", entry, item.value)
        if call is not None:
            of[word] = call
    given = t.Encoders(default=values.pop("encoder", None), of=of)
    values.setdefault("finetune", defaults.FINETUNE)
    return t.Train(encoder=defaults.encoders(data, given), **values)


def _accept(
    ctx: Context, section: Section, table: ClassTable, slices: tuple[t.Slice, ...]
) -> t.Accept:
    confidence = section.values.get("confidence")
    named = {fold(s.name): s.name for s in slices}
    criteria: list[t.Criterion] = []
    for line in section.lines:
        assert isinstance(line, tree.CriterionLine)
        before = len(ctx.found)
        if fold(line.subject.name.text) == "confidence":
            ctx.error(
                "E231",
                line.op,
                "`confidence` is a setting",
                "write `confidence = 95%`",
                fix=Fix(line.op.span, "=", "write `=`"),
            )
            continue
        criterion = read_criterion(ctx, line, table, named, confidence)
        if criterion is not None and len(ctx.found) == before:
            place = ("accept", str(len(criteria)))
            ctx.places[place] = line.op.span | line.value.span
            if line.modifiers and line.modifiers[0].word == "with":
                ctx.places[(*place, "confidence")] = line.modifiers[0].span
            criteria.append(criterion)
    return t.Accept(confidence=confidence, criteria=tuple(criteria))
