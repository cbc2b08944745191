from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.format import format_text
from labelwright.dsl.naming import column_name, quoted, valid_name
from labelwright.dsl.plugins import Parameter, Signature
from labelwright.dsl.read import read
from labelwright.dsl.scaffold import Answer, ProposedRule, scaffold
from labelwright.dsl.scaffold_classes import ProposedClass
from labelwright.dsl.task import Task


class Anything:
    """A catalogue in which every plug-in exists and takes any arguments."""

    def find(self, kind, name):
        rest = Parameter("rest", "any", required=False, variadic=True)
        return Signature(kind, name, (rest, Parameter("named", "any", required=False, open=True)))

    def names(self, kind):
        return ()


def task_of(text: str) -> Task:
    reading = read(SourceText("new.task", text), Anything())
    assert [d.message for d in reading.errors] == []
    assert reading.task is not None
    return reading.task


def test_whole_file() -> None:
    text = scaffold(
        "my reviews",
        title='My "reviews"',
        classes=[
            ProposedClass(("spam", "Spam "), 747, ("Free\nentry", "x" * 100)),
            ProposedClass(("<=50K",)),
        ],
        source_call='csv("a.csv")',
        id="id",
        text=["body", "native-country"],
        label="label",
        items=500,
    )
    assert text == (
        "# Fill in the guide and every `describe`: annotators read nothing else. Then run\n"
        "# `labelwright check MyReviews.task`, and again after every change.\n"
        "\n"
        'task MyReviews "My \\"reviews\\"" {\n'
        "  kind   = classification\n"
        "  choose = one\n"
        '  guide  = ""  # what is asked, and what to do when two classes fit\n'
        "}\n"
        "\n"
        "# 747 items\n"
        "#   Free entry\n"
        f"#   {'x' * 71}…\n"
        "class spam {\n"
        '  describe = ""  # what belongs here, and what does not\n'
        '  aliases  = ["Spam "]\n'
        "}\n"
        "\n"
        'class AtMost50K "<=50K" {\n'
        '  describe = ""  # what belongs here, and what does not\n'
        '  aliases  = ["<=50K"]\n'
        "}\n"
        "\n"
        "data {\n"
        '  source = csv("a.csv")\n'
        "  id     = id\n"
        '  text   = [body, "native-country"]\n'
        "}\n"
        "\n"
        "holdout {\n"
        "  size        = 20%\n"
        "  annotations = 100  # measuring; never trained on\n"
        "}\n"
        "\n"
        "annotators {\n"
        "  from = simulate(column = label, people = 1, error = 0%)"
        "  # a rehearsal: answers come from the data\n"
        "}\n"
        "\n"
        "budget {\n"
        "  annotations = 400  # training and holdout\n"
        "  per_round   = 20 items\n"
        "}\n"
        "\n"
        "train {\n"
        "  encoder  = tfidf\n"
        "  finetune = head\n"
        "}\n"
        "\n"
        "accept {\n"
        "  accuracy >= 80% with 95% confidence\n"
        "}\n"
    )
    task = task_of(text)
    assert [(c.id, c.title) for c in task.classes] == [("spam", "spam"), ("AtMost50K", "<=50K")]
    assert task.data.text == ("body", "native-country")
    assert task.holdout.annotations == 100


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("Sci/Tech", "SciTech"),
        ("rhetorical question", "RhetoricalQuestion"),
        ("intonation-dependent", "IntonationDependent"),
        ("ham", "ham"),
        ("7", "7"),
        ("3D", "N3D"),
        ("per", "Per"),  # a word of the grammar
        ("true", "True"),
        ("경제 뉴스", "경제뉴스"),
        ("경제", "경제"),
        ("<=50K", "AtMost50K"),
        (">50K", "Over50K"),
        ("< 5 years", "Under5Years"),
        ("<br>", "br"),
        ("हिन्दी", "हिन्दी"),
        ("card_payment", "card_payment"),
        ("!!!", ""),
        ("", ""),
    ],
)
def test_names(raw, name) -> None:
    assert valid_name(raw) == unicodedata.normalize("NFC", name)


def test_columns_are_quoted_where_they_must_be() -> None:
    assert column_name("body") == "body"
    assert column_name("native-country") == '"native-country"'
    assert column_name("when") == '"when"'
    assert column_name("0") == '"0"'
    assert quoted('a"b\\c\nd') == r'"a\"b\\c\nd"'


def test_one_name_never_means_two_classes() -> None:
    values = ("$10", "10", "a b", "a-b", "AB", "!", "?")
    text = scaffold(
        "prices",
        title="Prices",
        classes=[ProposedClass((v,)) for v in values],
        source_call='csv("a.csv")',
        text=["t"],
        label="y",
    )
    task = task_of(text)
    assert len({c.id.casefold() for c in task.classes}) == len(values)
    for value, each in zip(values, task.classes, strict=True):
        known = {each.id.casefold(), each.title.casefold(), *(a.casefold() for a in each.aliases)}
        assert value.casefold() in known
        others = [c for c in task.classes if c is not each]
        assert all(value.casefold() not in (c.id.casefold(), c.title.casefold()) for c in others)
    assert "$" not in "".join(c.title for c in task.classes)


@pytest.mark.parametrize(
    ("inputs", "encoder"),
    [
        ({"text": ["a"]}, "tfidf"),
        ({"image": ["a"]}, "pixels"),
        ({"columns": ["a", "b"]}, "table"),
        ({"text": ["a"], "columns": ["b"]}, "tfidf"),
    ],
)
def test_encoder_fits_the_inputs(inputs, encoder) -> None:
    classes = [ProposedClass(("a",)), ProposedClass(("b",))]
    text = scaffold(
        "x", title="X", classes=classes, source_call='csv("a.csv")', label="y", **inputs
    )
    default = task_of(text).train.encoder.default
    assert default is not None
    assert default.name == encoder


def test_without_answers_in_the_data_people_are_asked() -> None:
    classes = [ProposedClass(("a",)), ProposedClass(("b",))]
    text = scaffold("x", title="X", classes=classes, source_call='csv("a.csv")', text=["t"])
    assert "simulate" not in text
    assert task_of(text).annotators.source.name == "label_studio"
    other = scaffold(
        "x",
        title="X",
        classes=classes,
        source_call='csv("a.csv")',
        text=["t"],
        annotators='files("exchange/")',
    )
    assert task_of(other).annotators.source.name == "files"


@pytest.mark.parametrize("items", [1, 4, 30, 299, 1_000, 10**7])
def test_what_is_asked_fits_the_items(items) -> None:
    text = scaffold(
        "x",
        title="X",
        classes=[ProposedClass(("a",)), ProposedClass(("b",))],
        source_call='csv("a.csv")',
        text=["t"],
        label="y",
        items=items,
    )
    numbers = [int(n.replace("_", "")) for n in re.findall(r"annotations = ([\d_]+)", text)]
    holdout, budget = numbers
    assert 1 <= holdout <= max(1, items // 5)
    assert holdout < budget <= max(2, items)


VALUE = st.text(max_size=30).filter(lambda s: s.strip())


@settings(max_examples=40)
@given(
    name=st.text(max_size=20),
    title=st.text(max_size=20),
    values=st.lists(VALUE, min_size=2, max_size=5),
    sample=st.text(max_size=100),
    columns=st.lists(VALUE, min_size=3, max_size=3, unique=True),
)
def test_any_values_give_a_file_that_checks(name, title, values, sample, columns) -> None:
    # What the proposal promises: spellings are printable, and no two classes share one.
    def key(value: str) -> str:
        return unicodedata.normalize("NFC", value.strip()).casefold()

    clean = ["".join(c for c in v if unicodedata.category(c)[0] != "C") for v in values]
    unique = {key(v): v for v in clean if v.strip()}
    if len(unique) < 2:
        return
    cells = ["".join(c for c in v if unicodedata.category(c)[0] != "C") or "x" for v in columns]
    text = scaffold(
        name,
        title=title,
        classes=[ProposedClass((v,), 3, (sample,)) for v in unique.values()],
        source_call='csv("a.csv")',
        id=cells[0],
        text=[cells[1]],
        label=cells[2],
    )
    task = task_of(text)
    assert len(task.classes) == len(unique)
    assert format_text(SourceText("again.task", text)).text == text
    assert task.data.text == (unicodedata.normalize("NFC", cells[1]),) or task.data.text == (
        cells[1],
    )


def test_children_examples_rules_and_remarks() -> None:
    text = scaffold(
        "news",
        title="뉴스",
        answer=Answer(choose="many", empty="allowed", classes="any"),
        guide="Choose what it is about.",
        classes=[
            ProposedClass(
                ("정치",),
                examples=("여야 합의", 'a "quoted" one'),
                counterexamples=(("A minister\nat a match", "Sports"),),
                hotkey="p",
                color="#4E79A7",
                children=(
                    ProposedClass(("Other",), describe="The rest."),
                    ProposedClass(("선거",)),
                ),
            ),
            ProposedClass(("Sports", "0"), children=(ProposedClass(("Other",)),)),
        ],
        source_call='csv("a.csv")',
        text=["body"],
        show=["section"],
        items=1_000,
        measured_by='split == "test"',
        rules=[
            ProposedRule("longer_words", 4, 'body contains "x"', "9 of 9 " + "seen " * 30),
            ProposedRule("w", 0, "stars >= 3", "9 of 9"),
        ],
        rules_remarks=["Look at them."],
        remarks=["Left out: something\nover two lines"],
    )
    task = task_of(text)
    assert (task.choose, task.empty, task.choosable) == ("many", "allowed", "any")
    assert [c.id for c in task.classes] == [
        "정치", "정치.Other", "정치.선거", "Sports", "Sports.Other",
    ]  # fmt: skip
    assert [s.value for s in task.classes[0].examples] == ["여야 합의", 'a "quoted" one']
    assert [s.value for s in task.classes[0].counterexamples] == ["A minister\nat a match"]
    assert (task.classes[0].hotkey, task.classes[0].color) == ("p", "#4E79A7")
    assert task.classes[1].describe == "The rest."
    assert task.classes[3].aliases == ("0",)
    assert [(r.name, r.label) for r in task.rules] == [
        ("longer_words", "Sports.Other"),
        ("w", "정치"),
    ]
    assert task.holdout.when is not None
    assert (task.data.show, task.guide) == (("section",), "Choose what it is about.")
    assert "# Left out: something over two lines\n" in text
    assert all(len(line) < 100 for line in text.splitlines())
    assert format_text(SourceText("again.task", text)).text == text


def test_spans() -> None:
    text = scaffold(
        "deals",
        title="Deals",
        answer=Answer("spans", "many", nesting="nested"),
        classes=[ProposedClass(("Buyer",)), ProposedClass(("Target",))],
        source_call='jsonl("deals.jsonl")',
        text=["body"],
    )
    task = task_of(text)
    assert (task.kind, task.choose, task.nesting) == ("spans", "many", "nested")
    assert [c.metric for c in task.accept.criteria] == ["micro_f1"]
