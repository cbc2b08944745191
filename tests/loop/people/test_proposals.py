"""Proposed counterexamples: what they say, what is never proposed, and that they read back."""

from __future__ import annotations

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import read
from labelwright.dsl.task import Class, Sample
from labelwright.loop.people.proposals import key, of_mark, of_text, proposed
from labelwright.loop.people.records import ConfusedPair, SplitItem
from labelwright.loop.people.sets_alike import marks_f1, mistakes
from labelwright.loop.plugins import Installed
from labelwright.loop.record import Estimate

CLASSES = {
    "A": Class(id="A", title="Ants"),
    "B": Class(id="B", title="Bees", counterexamples=(Sample(value="a wasp"),)),
}


def pair(*items: SplitItem) -> ConfusedPair:
    rate = Estimate(estimate=0.5)
    return ConfusedPair(one="A", other="B", places=len(items), support=9, rate=rate, items=items)


def split(
    item: str, one: int, other: int, label: str | None, *, measures: bool = False
) -> SplitItem:
    people = [f"p{n}" for n in range(one + other)]
    return SplitItem(
        item=item,
        one=tuple(people[:one]),
        other=tuple(people[one:]),
        label=label,
        measures=measures,
    )


def test_what_most_say_is_a_counterexample_of_the_other_class() -> None:
    told = pair(split("x", 2, 1, "A"), split("y", 4, 1, "A"), split("z", 1, 2, "B"))
    samples = {i: Sample(value=f'text "{i}"') for i in "xyz"}
    (first, second), why = proposed(told, CLASSES, samples)
    assert why == ""
    assert (first.cls, first.item) == ("B", "y")
    assert first.line == 'counterexamples = ["a wasp", "text \\"y\\"", "text \\"x\\""]'
    assert (second.cls, second.line) == ("A", 'counterexamples = ["text \\"z\\""]')
    assert proposed(told, CLASSES, samples) == ((first, second), "")


def test_what_measures_is_never_proposed() -> None:
    told = pair(split("x", 4, 1, "A", measures=True), split("y", 2, 1, "A"))
    samples = {i: Sample(value=i) for i in "xy"}
    (line,), _ = proposed(told, CLASSES, samples)
    assert line.item == "y"
    assert '"x"' not in line.line
    only = pair(split("x", 4, 1, "A", measures=True))
    lines, why = proposed(only, CLASSES, samples)
    assert lines == ()
    assert "measures" in why
    assert proposed(pair(split("x", 4, 1, "A")), CLASSES, {})[0] == ()


def test_where_all_are_evenly_divided_somebody_has_to_decide() -> None:
    lines, _ = proposed(pair(split("x", 1, 1, None)), CLASSES, {"x": Sample(value="x")})
    assert [(line.cls, "if you decide" in line.why) for line in lines] == [("B", True), ("A", True)]


def test_lines_read_back_as_what_they_were_made_of() -> None:
    text = "one two " * 60 + "the bank of the river by the bank " + "three four " * 60
    at = text.index("bank")
    mark, picture = of_mark(text, at, at + 4), Sample(kind="image", value="a/ü b.jpg")
    assert mark is not None
    assert mark.marked == "bank"
    assert "[bank]" in mark.value  # it stands there twice
    assert len(mark.value) < 190
    whole = of_text("많은 \n 말 " * 90 + '"\\')
    assert whole is not None
    assert len(whole.value) <= 200
    assert of_text("  \n ") is None
    assert of_mark("a b", 1, 2) is None
    for sample in (mark, picture, whole):
        (first, *_), _ = proposed(pair(split("x", 2, 1, "A")), CLASSES, {"x": sample})
        text = (
            f"task t {{ kind = {'spans' if sample is mark else 'classification'} }}\nclass A\n"
            f'class B {{\n{first.line}\n}}\ndata {{ source = csv("a.csv")\n text = text }}\n'
        )
        found = read(SourceText("t.task", text), Installed())
        assert found.task is not None, found
        (b,) = (c for c in found.task.classes if c.id == "B")
        assert b.counterexamples == (Sample(value="a wasp"), sample)


def test_marked_places_have_names_of_their_own() -> None:
    item = SplitItem(item="x", one=("p",), other=("q",), marked=(3, 9))
    assert key(item) == "x@3-9"


def test_sets_beside_those_of_the_others_by_hand() -> None:
    nothing: frozenset[str] = frozenset()
    answers = [
        (frozenset("AB"), (frozenset("AB"), nothing)),
        (frozenset("A"), (frozenset("B"), nothing)),
        (frozenset("AC"), (frozenset("A"), frozenset("C"))),  # C is open: it counts neither way
    ]
    found = marks_f1(answers)
    assert found.estimate == 2 * 3 / (2 * 3 + 2)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.estimate <= found.high
    (mistake,) = mistakes(answers)
    assert (mistake.label, mistake.said, mistake.answers, mistake.of) == ("B", "A", 1, 2)
    marks = [(frozenset({(0, 3, "X"), (5, 8, "Y")}), (frozenset({(0, 3, "Z")}), frozenset()))]
    (moved,) = mistakes(marks)
    assert (moved.label, moved.said, moved.answers) == ("Z", "X", 1)
    assert marks_f1([]).estimate is None
    assert marks_f1([(nothing, (nothing, nothing))]).estimate is None
