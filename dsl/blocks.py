"""One function a block: its section, by now in known words, becomes a part of the Task.

Each gives a part in any case, with defaults for what is missing or was reported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from labelwright.dsl import defaults, tree
from labelwright.dsl import task as t
from labelwright.dsl.classes import ClassTable, name_and_title
from labelwright.dsl.conditions import item_condition, measured_condition, threshold_condition
from labelwright.dsl.context import Context, fold
from labelwright.dsl.criteria import read_criterion
from labelwright.dsl.diagnostics import Fix, Label
from labelwright.dsl.forms import read_value
from labelwright.dsl.sections import Section, gather
from labelwright.dsl.values import share
from labelwright.dsl.vocabulary import BLOCKS, INPUTS, PHASE, Block


def well_formed(ctx: Context, entry: Block, node: tree.Block | tree.Sentence) -> bool:
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


def task_name(ctx: Context, node: tree.Block | tree.Sentence | None) -> tuple[str, str]:
    """Name and title of the task."""
    named = name_and_title(ctx, BLOCKS["task"], node) if node is not None else None
    if named is None:
        return "task", "task"
    name, title = named
    if title is not None and not title.strip():
        assert node is not None
        ctx.error("E216", node.labels[-1], "this title is empty", "write what people should read")
        title = None
    return name.text, title if title is not None else name.text


def lower_data(ctx: Context, section: Section) -> t.Data:
    """Where items come from."""
    values = dict(section.values)
    values.setdefault("source", t.Call(name="csv"))
    if "join" in values:
        source, key, _ = values["join"]
        values["join"] = t.Join(source=source, key=key)
    if "keep" in section.clauses:
        values["keep"] = item_condition(ctx, section.clauses["keep"])
    return t.Data(**values)


def lower_existing_labels(ctx: Context, section: Section | None) -> t.ExistingLabels | None:
    """Labels that are there already, if the file names any."""
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


def lower_holdout(
    ctx: Context,
    section: Section,
    annotators: t.Annotators,
    budget: t.Budget,
    existing: t.ExistingLabels | None,
) -> t.Holdout:
    """What measures; its annotations are about a third of the budget by default."""
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


def _names(ctx: Context, what: str) -> Callable[[tree.Name], bool]:
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


def lower_rules(ctx: Context, section: Section, table: ClassTable) -> tuple[t.Rule, ...]:
    """The rules whose class and condition could be read."""
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
            if when is not None or line.when is None:
                ctx.places[("rules", line.name.text)] = line.name.span
            rules.append(
                t.Rule(
                    name=line.name.text, action=line.action, label=label, when=when, weight=weight
                )
            )
    return tuple(rules)


def lower_constraints(
    ctx: Context, section: Section, table: ClassTable
) -> tuple[t.Constraint, ...]:
    """The constraints whose classes are all known."""
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


def lower_slices(ctx: Context, nodes: list[tree.Block | tree.Sentence]) -> tuple[t.Slice, ...]:
    """The slices, each name once."""
    slices: list[t.Slice] = []
    new = _names(ctx, "slice")
    for node in nodes:
        named = name_and_title(ctx, BLOCKS["slice"], node)
        fits = well_formed(ctx, BLOCKS["slice"], node)
        when = item_condition(ctx, node.guard.condition) if fits and node.guard else None
        if named is None:
            continue
        if new(named[0]) and when is not None:
            slices.append(t.Slice(name=named[0].text, when=when))
        else:
            ctx.lost.add(fold(named[0].text))
    return tuple(slices)


def lower_annotators(ctx: Context, section: Section, usual: str) -> t.Annotators:
    """Who judges. usual: how answers become one where the file does not say."""
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
        resolve=resolve.name if resolve else usual,
        suggestions=values.get("suggestions", "none"),
        adjudicator=values.get("adjudicator"),
        gold=values.get("gold"),
        adjudicate_below=below.get("adjudicate"),
        pause_below=below.get("pause"),
    )


def lower_budget(section: Section) -> t.Budget:
    """What it may cost."""
    return t.Budget(**{"annotations": defaults.ANNOTATIONS, **section.values})


def lower_query(ctx: Context, section: Section | None, table: ClassTable) -> t.Query:
    """The phases and the order; one phase of the usual strategy where the file has none."""
    if section is None:
        return defaults.query()
    phases: list[t.Phase] = []
    new = _names(ctx, "phase")
    for entry, node in section.blocks:
        if entry is not PHASE:
            continue
        named = name_and_title(ctx, PHASE, node)
        well_formed(ctx, PHASE, node)
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
    return t.Query(phases=tuple(phases) or defaults.query().phases, **section.values)


def lower_pseudo_labels(
    ctx: Context, section: Section | None, table: ClassTable, train: Section
) -> t.PseudoLabels | None:
    """How the model labels items itself; None: it does not."""
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
    finetune = train.values.get("finetune", defaults.FINETUNE)
    plain = finetune == defaults.FINETUNE and not section.values and not thresholds
    method = defaults.METHOD if plain else defaults.METHOD_OF_THRESHOLDS
    return t.PseudoLabels(**{"method": method, **section.values, "thresholds": thresholds})


def lower_train(ctx: Context, section: Section, data: t.Data) -> t.Train:
    """What learns, with an encoder for each kind of input that the file names."""
    values = dict(section.values)
    of: dict[Literal["text", "image", "columns"], t.Call] = {}
    for entry, item in section.about:
        assert isinstance(item.subject.of, tree.Ref)
        said = item.subject.of
        word = next((known for known in INPUTS if known == fold(said.text)), None)
        if word is None:
            message = f"`encoder of` is followed by text, image or columns, not `{said.text}`"
            ctx.error("E205", said, message, "write the kind of input")
            continue
        call = read_value(ctx, "train", entry, item.value)
        if call is not None:
            of[word] = call
    given = t.Encoders(default=values.pop("encoder", None), of=of)
    values.setdefault("finetune", defaults.FINETUNE)
    return t.Train(encoder=defaults.encoders(data, given), **values)


def lower_accept(
    ctx: Context, section: Section, table: ClassTable, slices: tuple[t.Slice, ...]
) -> t.Accept:
    """The criteria that could be read."""
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
