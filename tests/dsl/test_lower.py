"""What statements become: values, names, conditions, calls, and the defaults around them."""

from __future__ import annotations

from pathlib import Path

import pytest

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import read
from labelwright.dsl.task import (
    EACH_CLASS,
    EACH_SLICE,
    And,
    Argument,
    Call,
    Compare,
    Contains,
    Criterion,
    Data,
    Day,
    Encoders,
    ExistingLabels,
    FieldRef,
    Gold,
    Join,
    Matches,
    Member,
    Missing,
    Near,
    Not,
    Or,
    Percent,
    Phase,
    Query,
    Task,
    Word,
)
from tests.dsl.catalogues import EVERYTHING

EXAMPLES = {p.stem: p for p in (Path(__file__).parent / "examples").glob("*.task")}
BASE = 'task t\nclass A\nclass B\ndata { source = csv("x.csv") }\n'
ONE_STRATEGY = Query(phases=(Phase(name="all", strategy=Call(name="auto")),))


def task_of(text: str) -> Task:
    reading = read(SourceText("t.task", text), EVERYTHING)
    assert [d.message for d in reading.errors] == []
    assert reading.task is not None
    return reading.task


def with_data(inside: str) -> Data:
    return task_of(f'task t\nclass A\nclass B\ndata {{ source = csv("x.csv")\n{inside} }}\n').data


def test_defaults_suit_a_newcomer() -> None:
    task = task_of(BASE)
    assert task.title == "t"
    assert task.holdout.size == 0.2
    assert task.budget.annotations == 1_000
    assert task.holdout.annotations == 333
    assert task.annotators.source == Call(name="label_studio")
    assert task.pseudo_labels is None
    assert task.query == ONE_STRATEGY
    assert task.train.finetune == Call(name="head")
    assert task.train.encoder == Encoders()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("class A\nclass B", "\n".join(f"class c{n}" for n in range(77))),
        ("task t", "task t { choose = many }"),
        ("task t", "task t { kind = spans }"),
        ("task t", "query { }\ntask t"),
    ],
)
def test_every_task_without_phases_has_the_one_strategy(before: str, after: str) -> None:
    assert task_of(BASE.replace(before, after)).query == ONE_STRATEGY


def test_phases_of_ones_own_replace_it() -> None:
    phases = task_of(BASE + "query { phase a { strategy = margin } }\n").query.phases
    assert [(p.name, p.strategy.name, p.until) for p in phases] == [("a", "margin", None)]


@pytest.mark.parametrize(
    ("inputs", "encoder"),
    [
        ("text = body", Encoders(default=Call(name="tfidf"))),
        ("image = photo", Encoders(default=Call(name="pixels"))),
        ("columns = [a, b]", Encoders(default=Call(name="table"))),
        (
            "text = body\nimage = photo",
            Encoders(of={"text": Call(name="tfidf"), "image": Call(name="pixels")}),
        ),
    ],
)
def test_the_encoder_follows_the_input(inputs: str, encoder: Encoders) -> None:
    text = f'task t\nclass A\nclass B\ndata {{ source = csv("x.csv")\n{inputs} }}\n'
    assert task_of(text).train.encoder == encoder


def test_a_default_holdout_keeps_within_the_budget() -> None:
    extra = (
        "budget { annotations = 100 }\nannotators { overlap = 3\n gold = 40 items }\n"
        "existing_labels { label = l\n audit = 15 items }\n"
    )
    assert task_of(BASE + extra).holdout.annotations == 15  # 100 - 40 - 15 * 3, in whole items


def test_classes_nest_and_keep_file_order() -> None:
    task = task_of(EXAMPLES["news"].read_text(encoding="utf-8"))
    assert [c.id for c in task.classes][:4] == [
        "Politics",
        "Politics.Election",
        "Politics.Other",
        "경제",
    ]
    assert task.classes[1].parent == "Politics"
    assert task.classes[3].was == ("Business",)
    assert task.classes[5].split_of == "Crime"
    assert task.classes[0].aliases == ("gov", "국회")


def test_a_class_is_found_by_its_last_name_its_path_its_title_in_any_case() -> None:
    text = BASE + 'class P "Parent" { class Leaf "A leaf" }\nrules {\n'
    for n, name in enumerate(("Leaf", "LEAF", "P.leaf", '"a leaf"')):
        text += f"  r{n}: vote {name} when x == 1\n"
    assert {rule.label for rule in task_of(text + "}\n").rules} == {"P.Leaf"}


def test_names_are_normalised() -> None:
    decomposed = "\u1100\u1167\u11bc\u110c\u1166"  # 경제 in jamo
    text = BASE + f"class 경제\nrules {{ a: vote {decomposed} when x == 1 }}\n"
    assert task_of(text).rules[0].label == "경제"


def test_calls_keep_their_arguments() -> None:
    task = task_of(EXAMPLES["news"].read_text(encoding="utf-8"))
    assert task.query.phases[2].strategy == Call(
        name="mix",
        args=(
            Argument(value=Word(name="margin")),
            Argument(value=Call(name="random", args=(Argument(value=Percent(percent=10)),))),
        ),
    )
    assert task.train.finetune == Call(
        name="lora", args=(Argument(name="r", value=8), Argument(name="alpha", value=16))
    )
    assert task.train.encoder.default == Call(
        name="pretrained", args=(Argument(value="klue/roberta-base"),)
    )


def test_key_and_label_leave_the_brackets() -> None:
    source = Call(name="csv", args=(Argument(value="old.csv"),))
    extra = 'existing_labels { source = csv("old.csv", key = id, label = "the topic") }\n'
    assert task_of(BASE + extra).existing_labels == ExistingLabels(
        source=source, key="id", label="the topic"
    )
    assert with_data('join = csv("old.csv", key = id)').join == Join(source=source, key="id")


def test_a_reader_keeps_its_own_label() -> None:
    task = task_of(EXAMPLES["fashion"].read_text(encoding="utf-8"))
    assert [a.name for a in task.data.source.args] == [None, "image", "label"]


def test_data_values() -> None:
    data = with_data('text = "a column"\nshow = [a, "b c"]\ndedupe = near(92%)\nid = 0')
    assert data.text == ("a column",)
    assert data.show == ("a", "b c")
    assert data.dedupe == Near(method="near", threshold=0.92)
    assert data.id == "0"
    assert with_data("dedupe = exact").dedupe == Near()


def field(*path: str, function: str | None = None) -> FieldRef:
    return FieldRef(path=path, function=function)


@pytest.mark.parametrize(
    ("written", "condition"),
    [
        ('a == "x"', Compare(field=field("a"), op="==", value="x")),
        ('"native-country" != "y"', Compare(field=field("native-country"), op="!=", value="y")),
        ("meta.n >= 7_000", Compare(field=field("meta", "n"), op=">=", value=7000)),
        ("words(a) < 4.5", Compare(field=field("a", function="words"), op="<", value=4.5)),
        ("p > 50%", Compare(field=field("p"), op=">", value=Percent(percent=50))),
        ("d > 2026-09-01", Compare(field=field("d"), op=">", value=Day(day="2026-09-01"))),
        ("b == true", Compare(field=field("b"), op="==", value=True)),
        ("a is missing", Missing(field=field("a"))),
        ("a is not missing", Missing(field=field("a"), negated=True)),
        (r"a matches /x\/\d/is", Matches(field=field("a"), pattern=r"x/\d", flags="is")),
        ('a contains "x"', Contains(field=field("a"), values=("x",))),
        (
            'a contains all ["x", "y"]',
            Contains(field=field("a"), quantifier="all", values=("x", "y")),
        ),
        ('a in ["x", 3]', Member(field=field("a"), values=("x", 3))),
        ("a not in [3]", Member(field=field("a"), values=(3,), negated=True)),
        (
            "not (a == 1 or a == 2) and a == 3",
            And(
                operands=(
                    Not(
                        operand=Or(
                            operands=(
                                Compare(field=field("a"), op="==", value=1),
                                Compare(field=field("a"), op="==", value=2),
                            )
                        )
                    ),
                    Compare(field=field("a"), op="==", value=3),
                )
            ),
        ),
    ],
)
def test_conditions(written: str, condition: object) -> None:
    assert with_data(f"keep when {written}").keep == condition


def test_criteria() -> None:
    extra = (
        'slice ko when lang == "ko"\naccept {\n confidence = 95%\n accuracy >= 0.92\n'
        " recall(k = 5) of each class >= 90% with 80% confidence on each slice\n"
        " recall of A >= 60% at 90% precision on KO\n labels >= 60 items\n}\n"
    )
    accept = task_of(BASE + extra).accept
    assert accept.confidence == 0.95
    assert accept.criteria == (
        Criterion(metric="accuracy", op=">=", value=0.92, confidence=0.95, text="accuracy >= 0.92"),
        Criterion(
            metric="recall",
            args=(Argument(name="k", value=5),),
            of=EACH_CLASS,
            op=">=",
            value=0.9,
            confidence=0.8,
            on=EACH_SLICE,
            text="recall(k = 5) of each class >= 90% with 80% confidence on each slice",
        ),
        Criterion(
            metric="recall",
            of="A",
            op=">=",
            value=0.6,
            confidence=0.95,
            at=(0.9, "precision"),
            on="ko",
            text="recall of A >= 60% at 90% precision on ko",
        ),
        Criterion(metric="labels", op=">=", value=60, unit="items", text="labels >= 60 items"),
    )


def test_annotators() -> None:
    extra = (
        'annotators {\n overlap = 2 people\n resolve = crowdlab\n gold = file("gold.csv")\n'
        " adjudicate when agreement < 0.67\n pause when gold < 80%\n}\n"
    )
    annotators = task_of(BASE + extra).annotators
    assert annotators.overlap == 2
    assert annotators.resolve == "crowdlab"
    assert annotators.gold == Gold(file="gold.csv")
    assert (annotators.adjudicate_below, annotators.pause_below) == (0.67, 0.8)


def test_a_draft_is_read_whole_though_parts_are_broken() -> None:
    """Faults in three blocks: three diagnostics, and no fourth."""
    text = (
        'task t { kind = classifcation }\nclass A\nclass B\ndata { source = csv("x.csv") }\n'
        "budget { annotations = 12.5\n price = 0.5 USD per annotation\n money = 1 USD }\n"
        "accept { f1 of C >= 80%\n accuracy >= 99% with 95% confidence }\n"
    )
    found = read(SourceText("t.task", text), EVERYTHING).errors
    assert [d.code for d in found] == ["E205", "E215", "E201"]


def test_the_catalogue_changes_no_task() -> None:
    text = EXAMPLES["adult"].read_text(encoding="utf-8")
    from tests.dsl.catalogues import EARLY

    assert read(SourceText("t", text), EARLY).task == task_of(text)
