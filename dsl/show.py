"""Task -> text: the whole file in canonical form, with every default filled in.

Reading the text back gives an equal Task. What has no value (no price, no adjudicator) is left out,
and so is what says nothing about this task (`nesting` where no spans are marked).
"""

from __future__ import annotations

from collections.abc import Iterator

from labelwright.dsl import printing as p
from labelwright.dsl import task as t
from labelwright.dsl.lines import width
from labelwright.dsl.spending import split_of_budget

_WIDTH = 100

Row = tuple[str, str] | str
"""A setting as (`name`, `= value`), aligned with its neighbours; or a line that stands alone."""


def show(task: t.Task) -> str:
    """The task file that says exactly this Task."""
    title = f" {p.text(task.title)}" if task.title != task.name else ""
    blocks = [
        _block(f"task {task.name}{title}", _task(task)),
        "\n".join(_classes(task, None, "")),
        _block("data", _data(task.data)),
        _block("existing_labels", _existing_labels(task.existing_labels)),
        _block("holdout", _holdout(task.holdout)),
        _block("rules", _rules(task.rules)),
        _block("constraints", [_constraint(c) for c in task.constraints]),
        "\n".join(_when(f"slice {s.name} when", s.when, 0) for s in task.slices),
        _block("annotators", _annotators(task.annotators)),
        _block("budget", _budget(task)),
        _block("query", [*_query(task.query), *map(_phase, task.query.phases)]),
        _block("pseudo_labels", _pseudo_labels(task.pseudo_labels)),
        _block("train", _train(task.train)),
        _block("accept", _accept(task.accept)),
        _block("output", [(n, f"= {p.call(c)}") for n, c in task.output if c is not None]),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


# --- layout -----------------------------------------------------------------------------------


def _block(head: str, rows: list[Row], indent: str = "") -> str:
    """A block; empty where nothing stands in it."""
    if not rows:
        return ""
    inside = [f"{indent}  {line}" if line else "" for line in _aligned(rows)]
    return "\n".join([f"{indent}{head} {{", *inside, indent + "}"])


def _aligned(rows: list[Row]) -> Iterator[str]:
    at = 0
    while at < len(rows):
        row = rows[at]
        if isinstance(row, str):
            yield row
            at += 1
            continue
        run = []
        while at < len(rows) and isinstance(pair := rows[at], tuple):
            run.append(pair)
            at += 1
        column = max(width(name) for name, _ in run)
        for name, rest in run:
            yield name + " " * (column - width(name)) + " " + rest


def _when(head: str, condition: t.Condition, column: int, *, hang: int = 2) -> str:
    """A condition after its head, which begins at a column: broken where the line were too long.

    `hang`: how much deeper than the head its further lines stand.
    """
    line = f"{head} {p.condition(condition)}"
    if column + width(line) <= _WIDTH:
        return line
    return f"{head} {p.condition(condition, break_with=chr(10) + ' ' * (column + hang))}"


# --- one function a block ---------------------------------------------------------------------


def _task(task: t.Task) -> list[Row]:
    rows: list[Row] = [("kind", f"= {task.kind}"), ("choose", f"= {task.choose}")]
    if task.choose == "many" or task.empty != "forbidden":
        rows.append(("empty", f"= {task.empty}"))
    if any(c.parent for c in task.classes) or task.choosable != "leaves":
        rows.append(("classes", f"= {task.choosable}"))
    rows.append(("scale", f"= {task.scale}"))
    if task.kind == "spans" or task.nesting != "flat":
        rows.append(("nesting", f"= {task.nesting}"))
    if task.guide:
        rows.append(("guide", f"= {p.text(task.guide, indent=2)}"))
    return rows


def _classes(task: t.Task, parent: str | None, indent: str) -> Iterator[str]:
    """Blocks of the classes under `parent`; at the top a blank line around each long one."""
    before = ""
    for item in task.children(parent):
        title = f" {p.text(item.title)}" if item.title != item.name else ""
        head = f"class {item.name}{title}"
        rows = _class(item, len(indent) + 2)
        inner = list(_classes(task, item.id, indent + "  "))
        if inner:
            outer = _block(head, rows, indent).rpartition("\n")[0] + "\n" if rows else ""
            block = "\n".join([outer or f"{indent}{head} {{", *inner, indent + "}"])
        elif not rows:
            block = indent + head
        elif len(rows) == 1 and "\n" not in rows[0][1]:
            block = f"{indent}{head} {{ {' '.join(rows[0])} }}"
        else:
            block = _block(head, rows, indent)
        if not indent and before and ("\n" in before or "\n" in block):
            yield ""
        yield block
        before = block


def _class(item: t.Class, indent: int) -> list[Row]:
    rows: list[Row] = []
    if item.was:
        old = [p.column(name) for name in item.was]
        rows.append(("was", f"= {old[0]}" if len(old) == 1 else f"= [{', '.join(old)}]"))
    if item.split_of:
        rows.append(("split_of", f"= {p.column(item.split_of)}"))
    if item.describe:
        rows.append(("describe", f"= {p.text(item.describe, indent=indent)}"))
    for name, samples in (("examples", item.examples), ("counterexamples", item.counterexamples)):
        if samples:
            rows.append((name, f"= [{', '.join(map(p.sample, samples))}]"))
    if item.aliases:
        rows.append(("aliases", f"= [{', '.join(map(p.text, item.aliases))}]"))
    if item.role != "label":
        rows.append(("role", f"= {item.role}"))
    if item.value is not None:
        rows.append(("value", f"= {p.number(item.value)}"))
    if item.hotkey:
        rows.append(("hotkey", f"= {p.text(item.hotkey)}"))
    if item.color:
        rows.append(("color", f"= {p.text(item.color)}"))
    return rows


def _columns(names: tuple[str, ...]) -> str:
    return p.column(names[0]) if len(names) == 1 else f"[{', '.join(map(p.column, names))}]"


def _data(data: t.Data) -> list[Row]:
    rows: list[Row] = [("source", f"= {p.call(data.source)}")]
    if data.id:
        rows.append(("id", f"= {p.column(data.id)}"))
    inputs = (("text", data.text), ("image", data.image), ("columns", data.columns))
    rows += [(name, f"= {_columns(names)}") for name, names in inputs if names]
    if data.join:
        rows.append(("join", f"= {p.call(_with(data.join.source, key=data.join.key))}"))
    if data.show:
        rows.append(("show", f"= {_columns(data.show)}"))
    if data.group:
        rows.append(("group", f"= {p.column(data.group)}"))
    rows.append(("unit", f"= {data.unit}"))
    if data.dedupe:
        near = data.dedupe.threshold
        rows.append(("dedupe", "= exact" if near is None else f"= near({p.number(near)})"))
    if data.keep is not None:
        rows.append(_when("keep when", data.keep, 2))
    return rows


def _with(source: t.Call, **columns: str | None) -> t.Call:
    """The source with the language's own `key` and `label` back in its brackets."""
    own = tuple(
        t.Argument(name=name, value=t.Word(name=column) if p.column(column) == column else column)
        for name, column in columns.items()
        if column is not None
    )
    return source.model_copy(update={"args": source.args + own})


def _existing_labels(existing: t.ExistingLabels | None) -> list[Row]:
    if existing is None:
        return []
    rows: list[Row]
    if existing.source is None:
        rows = [("label", f"= {p.column(existing.label)}")]
    else:
        source = _with(existing.source, key=existing.key, label=existing.label)
        rows = [("source", f"= {p.call(source)}")]
    rows.append(("trust", f"= {existing.trust}"))
    rows.append(("audit", f"= {p.number(existing.audit)} items"))
    return rows


def _holdout(holdout: t.Holdout) -> list[Row]:
    rows: list[Row] = []
    if holdout.size is not None:
        rows.append(("size", f"= {p.share(holdout.size)}"))
    if holdout.when is not None:
        rows.append(_when("items when", holdout.when, 2))
    rows.append(("annotations", f"= {p.number(holdout.annotations)}"))
    rows.append(("measure", f"= {holdout.measure}"))
    return rows


def _rules(rules: tuple[t.Rule, ...]) -> list[Row]:
    column = 4 + max((width(rule.name) for rule in rules), default=0)
    return [(f"{rule.name}:", _says(rule, column)) for rule in rules]


def _says(rule: t.Rule, column: int) -> str:
    says = {"vote": "vote", "against": "vote against", "veto": "veto"}[rule.action]
    if rule.label is not None:
        says += f" {p.class_name(rule.label)}"
    if rule.when is not None:
        says = _when(f"{says} when", rule.when, column, hang=0)
    if rule.weight != 1:
        says += f" weight {p.number(rule.weight)}"
    return says


def _constraint(constraint: t.Constraint) -> Row:
    objects = ", ".join(p.class_name(o) for o in constraint.objects)
    return f"{p.class_name(constraint.subject)} {constraint.relation} {objects}"


def _annotators(people: t.Annotators) -> list[Row]:
    rows: list[Row] = [
        ("from", f"= {p.call(people.source)}"),
        ("overlap", f"= {p.number(people.overlap)}"),
        ("resolve", f"= {people.resolve}"),
        ("suggestions", f"= {people.suggestions}"),
    ]
    if people.adjudicator:
        rows.append(("adjudicator", f"= {p.text(people.adjudicator)}"))
    if people.gold is not None:
        file, items = people.gold.file, people.gold.items
        gold = f"{p.number(items or 0)} items" if file is None else f"file({p.text(file)})"
        rows.append(("gold", f"= {gold}"))
    if people.adjudicate_below is not None:
        rows.append(f"adjudicate when agreement < {p.number(people.adjudicate_below)}")
    if people.pause_below is not None:
        rows.append(f"pause when gold < {p.share(people.pause_below)}")
    return rows


def _budget(task: t.Task) -> list[Row]:
    budget, spending = task.budget, split_of_budget(task)
    falls = [f"training {p.number(spending.training)}", f"holdout {p.number(spending.holdout)}"]
    falls += [f"gold {p.number(spending.gold)}"] if spending.gold else []
    falls += [f"audit {p.number(spending.audit)}"] if spending.audit else []
    train, measure = p.number(spending.training_items), p.number(spending.holdout_items)
    rows: list[Row] = [
        f"# {', '.join(falls)}: {train} items to train on, {measure} to measure on",
        ("annotations", f"= {p.number(budget.annotations)}"),
    ]
    if budget.money:
        rows.append(("money", f"= {p.money(budget.money.amount)} {budget.money.currency}"))
    if budget.price:
        price = f"{p.money(budget.price.amount)} {budget.price.currency}"
        rows.append(("price", f"= {price} per annotation"))
    if budget.hours is not None:
        rows.append(("hours", f"= {p.number(budget.hours)} hours"))
    rows.append(("per_round", f"= {p.number(budget.per_round)} items"))
    if budget.rounds is not None:
        rows.append(("rounds", f"= {p.number(budget.rounds)}"))
    if budget.stop is not None:
        rows.append(("stop", f"= {budget.stop}"))
    return rows


def _query(query: t.Query) -> list[Row]:
    most = query.second_opinions
    opinions = "none" if most == 0 else "auto" if most == 1 else f"at_most({p.share(most)})"
    rows: list[Row] = [("order", f"= {query.order}"), ("second_opinions", f"= {opinions}")]
    if query.control:
        rows.append(("control", f"= {p.share(query.control)}"))
    return rows


def _phase(phase: t.Phase) -> Row:
    until = f" until {p.condition(phase.until)}" if phase.until is not None else ""
    return f"phase {phase.name}{until} {{ strategy = {p.call(phase.strategy)} }}"


def _pseudo_labels(pseudo: t.PseudoLabels | None) -> list[Row]:
    if pseudo is None:
        return []
    rows: list[Row] = [
        ("method", f"= {p.call(pseudo.method)}"),
        ("threshold", f"= {p.share(pseudo.threshold)}"),
    ]
    rows += [
        (f"threshold of {p.class_name(class_id)}", f"= {p.share(threshold)}")
        for class_id, threshold in pseudo.thresholds.items()
    ]
    if pseudo.cap is not None:
        rows.append(("cap", f"= {p.number(pseudo.cap.per_label)} per label"))
    rows.append(("distribution_alignment", f"= {p.value(pseudo.distribution_alignment)}"))
    return rows


def _train(train: t.Train) -> list[Row]:
    rows: list[Row] = []
    if train.encoder.default is not None:
        rows.append(("encoder", f"= {p.call(train.encoder.default)}"))
    rows += [(f"encoder of {what}", f"= {p.call(call)}") for what, call in train.encoder.of.items()]
    if train.pretrain is not None:
        rows.append(("pretrain", f"= {p.call(train.pretrain)}"))
    rows.append(("finetune", f"= {p.call(train.finetune)}"))
    if train.epochs is not None:
        rows.append(("epochs", f"= {p.number(train.epochs)}"))
    if train.augment:
        rows.append(("augment", f"= [{', '.join(map(p.call, train.augment))}]"))
    rows.append(("seeds", f"= [{', '.join(map(p.number, train.seeds))}]"))
    return rows


def _accept(accept: t.Accept) -> list[Row]:
    rows: list[Row] = []
    if accept.confidence is not None:
        rows.append(("confidence", f"= {p.share(accept.confidence)}"))
    return rows + [_criterion(criterion, accept.confidence) for criterion in accept.criteria]


def _criterion(criterion: t.Criterion, confidence: float | None) -> Row:
    percent = p.criterion_text(criterion, confidence, percent=True) == criterion.text
    return p.criterion_parts(criterion, confidence, percent=percent)


def settings(task: t.Task) -> dict[str, dict[str, str]]:
    """Every setting that `show` prints, by block: name -> value as written, sentences by their head.

    Without classes, rules, constraints, slices, phases and criteria, which have names of their own.
    """
    blocks: dict[str, list[Row]] = {
        "task": _task(task),
        "data": _data(task.data),
        "existing_labels": _existing_labels(task.existing_labels),
        "holdout": _holdout(task.holdout),
        "annotators": _annotators(task.annotators),
        "budget": _budget(task),
        "query": _query(task.query),
        "pseudo_labels": _pseudo_labels(task.pseudo_labels),
        "train": _train(task.train),
        "accept": _accept(task.accept.model_copy(update={"criteria": ()})),
        "output": [(n, f"= {p.call(c)}") for n, c in task.output if c is not None],
    }
    return {block: dict(map(_named, _said(rows))) for block, rows in blocks.items()}


def class_settings(item: t.Class) -> dict[str, str]:
    """Every setting of a class that `show` prints: name -> value as written."""
    return dict(map(_named, _class(item, 2)))


def _said(rows: list[Row]) -> list[Row]:
    return [row for row in rows if isinstance(row, tuple) or not row.startswith("#")]


def _named(row: Row) -> tuple[str, str]:
    if isinstance(row, tuple):
        return row[0], row[1].removeprefix("= ")
    head, when, rest = row.partition(" when ")
    return head + when.rstrip(), rest
