"""Rules and examples from labelled rows: nothing leaks, nothing is kept that is not borne out."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from labelwright.definition import read_file
from labelwright.dsl.task import Compare, Contains, Member
from labelwright.importing.candidates import TableConditions, TextConditions
from labelwright.importing.exemplars import LONGEST, SHORTEST, exemplars, vectors
from labelwright.importing.labelled import spread
from labelwright.importing.mining import CONFIDENCE, PRECISION, Found, halves, mine
from labelwright.loop.conditions import mask
from labelwright.propose import propose
from labelwright.starting import Wish, start

DATA = Path(os.environ.get("LABELWRIGHT_DATA") or Path(__file__).parents[3] / "shared" / "data")

WORDS = {
    "sport": ["match", "goal", "coach", "striker", "league"],
    "money": ["shares", "profit", "market", "bank", "bond"],
    "한국": ["경기도", "강원도", "제주도"],
}
FILLER = ["the", "a", "of", "today", "said", "report", "again", "people", "very", "new", "old"]


def rows(n: int, *, wrong: float = 0.0, seed: int = 0) -> tuple[list[str], list[str]]:
    """Texts whose class shows in one word of five, and their labels, a share of them wrong."""
    rng = random.Random(seed)
    texts, labels = [], []
    for _ in range(n):
        label = rng.choice(list(WORDS))
        words = [*rng.choices(FILLER, k=5), rng.choice(WORDS[label]), str(rng.randrange(10**6))]
        rng.shuffle(words)
        texts.append(" ".join(words))
        labels.append(rng.choice(list(WORDS)) if rng.random() < wrong else label)
    return texts, labels


def members(labels: list[str]) -> np.ndarray:
    names = sorted(set(labels))
    return np.array([[label == name for name in names] for label in labels])


# --- rules ------------------------------------------------------------------------------------


def said_again(found: Found, table: pa.Table, truth: np.ndarray, columns: list[str]) -> None:
    """Plain counting on the rows that the rule was not made from."""
    other = ~halves(table, columns if "body" in columns else [])
    fires = mask(found.when, table) & other
    assert (int(fires.sum()), int((fires & truth[:, found.of]).sum())) == (found.fired, found.right)
    # The bound is exact: at it, so many right answers would come by chance one time in twenty.
    assert binom.sf(found.right - 1, found.fired, found.bound) == pytest.approx(1 - CONFIDENCE)
    assert found.bound >= PRECISION


def test_words_that_show_a_class_become_rules() -> None:
    texts, labels = rows(1_500)
    table, truth = pa.table({"body": texts}), members(labels)
    found = mine(table, truth, text=["body"])
    assert {f.of for f in found} == {0, 1, 2}
    for each in found:
        said_again(each, table, truth, ["body"])
        assert isinstance(each.when, Contains)
        own = WORDS[sorted(WORDS)[each.of]]
        # Digits and filler show nothing; a word of the class, or a piece of a Korean one, does.
        assert all(any(v in w or w in v.split() for w in own) for v in each.when.values)


def test_equal_rows_are_in_the_same_half() -> None:
    texts, _ = rows(400)
    table = pa.table({"body": [*texts, *(t.upper() for t in texts)]})
    first = halves(table, ["body"])
    assert (first[:400] == first[400:]).all()
    assert 120 < first[:400].sum() < 280


@pytest.mark.parametrize("wrong", [0.3, 1.0])
def test_noise_makes_no_rules(wrong: float) -> None:
    texts, labels = rows(1_500, wrong=wrong)
    assert mine(pa.table({"body": texts}), members(labels), text=["body"]) == []


def test_a_label_that_is_pure_chance_hardly_ever_makes_a_rule() -> None:
    kept = 0
    for seed in range(20):
        texts, labels = rows(400, wrong=1.0, seed=seed)
        kept += len(mine(pa.table({"body": texts}), members(labels), text=["body"]))
    assert kept == 0


def test_a_class_that_nearly_all_are_of_needs_more_than_guessing() -> None:
    texts = [f"{'word' if n % 2 else 'thing'} {n}" for n in range(2_000)]
    labels = ["rare" if n % 20 == 0 else "common" for n in range(2_000)]  # by chance to any word
    found = mine(pa.table({"body": texts}), members(labels), text=["body"])
    common = [f for f in found if f.of == 0]
    assert all(f.bound >= 0.95 + 0.02 for f in common)


def test_what_half_the_rows_show_and_the_others_do_not_is_dropped() -> None:
    texts, _ = rows(800, wrong=1.0, seed=3)
    table = pa.table({"body": texts})
    first = halves(table, ["body"])
    marked = [f"{t} zebra" if here else t for t, here in zip(texts, first, strict=True)]
    labels = ["a" if here else "b" for here in first]
    again = pa.table({"body": marked})
    for each in mine(again, members(labels), text=["body"]):
        said_again(each, again, members(labels), ["body"])


def test_no_column_but_the_inputs_is_looked_at() -> None:
    texts, labels = rows(600, wrong=1.0)
    table = pa.table({"body": texts, "answer": labels})
    assert mine(table, members(labels), text=["body"]) == []
    found = mine(table, members(labels), columns=["answer"])  # were it an input, it would show
    assert {f.bound > 0.95 for f in found} == {True}


def test_values_and_thresholds_of_a_table() -> None:
    rng = np.random.default_rng(0)
    age = rng.integers(18, 90, 3_000)
    job = rng.choice(["cook", "judge", "nurse"], 3_000)
    rich = (age > 70) | (job == "judge")
    holes = [None if n % 17 == 0 else int(a) for n, a in enumerate(age)]
    table = pa.table({"age": pa.array(holes, pa.int64()), "job": job, "flag": rich})
    truth = np.stack([~rich, rich], axis=1)
    found = mine(table, truth, columns=["age", "job"])
    by_class = {of: [f.when for f in found if f.of == of] for of in (0, 1)}
    values = [w for w in by_class[1] if isinstance(w, Compare) and w.value == "judge"]
    over = [w for w in by_class[1] if isinstance(w, Compare) and w.op == ">="]
    assert len(values) == 1
    assert isinstance(over[0].value, int)
    assert 65 <= over[0].value <= 80
    for each in found:
        said_again(each, table, truth, ["age", "job"])
    flagged = mine(table, truth, columns=["flag"])
    assert {(f.of, f.when.value) for f in flagged if isinstance(f.when, Compare)} == {
        (0, False),
        (1, True),
    }


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), min_size=4, max_size=80),
)
def test_values_are_those_that_plain_counting_finds(pairs: list[tuple[str, bool]]) -> None:
    cells, right = [c for c, _ in pairs], np.array([r for _, r in pairs])
    found = TableConditions(pa.table({"x": cells}), ["x"]).of(right, 3)
    sure = set()
    for value in set(cells):
        hits = [r for c, r in pairs if c == value]
        if sum(hits) >= 3 and sum(hits) / len(hits) >= PRECISION + 0.04:
            sure.add(value)
    if len(set(cells)) < 2:
        sure = set()
    told: set[Any] = set()
    for condition in found:
        told |= set(condition.values) if isinstance(condition, Member) else {condition.value}  # type: ignore[union-attr]
    assert told == sure


@settings(max_examples=60)
@given(st.lists(st.tuples(st.text("ab가나 .", max_size=8), st.booleans()), min_size=1, max_size=40))
def test_words_are_right_nine_times_of_ten_where_they_were_found(
    pairs: list[tuple[str, bool]],
) -> None:
    texts, right = [t for t, _ in pairs], np.array([r for _, r in pairs])
    table = pa.table({"x": pa.array(texts, pa.string())})
    for condition in TextConditions(table, ["x"]).of(right, 3):
        assert isinstance(condition, Contains)
        for word in condition.values:
            hits = [r for t, r in pairs if word in t]
            assert sum(hits) >= max(3, PRECISION * len(hits))


def test_odd_cells_do_no_harm() -> None:
    table = pa.table({
        "n": pa.array([None, float("nan"), float("inf"), 1.0], pa.float64()),
        "s": ["", None, "x", "x"],
        "l": [[1], [2], None, []],
    })  # fmt: skip
    truth = np.array([[True, False]] * 2 + [[False, True]] * 2)
    assert mine(table, truth, columns=["n", "s", "l"]) == []
    assert mine(table.slice(0, 0), truth[:0], columns=["n"]) == []
    assert mine(table, np.zeros((4, 2), bool), columns=["n"]) == []
    assert mine(pa.table({"t": [None, ""]}), truth[:2], text=["t"]) == []


# --- examples ---------------------------------------------------------------------------------


def test_typical_items_are_of_the_class_and_confusable_ones_are_not() -> None:
    texts, labels = rows(600)
    names = sorted(WORDS)
    targets = np.array([names.index(label) for label in labels])
    shown = exemplars(vectors(texts), targets, texts, len(names))
    seen: list[str] = []
    for k in range(len(names)):
        assert len(shown.examples[k]) == 3
        assert all(targets[row] == k for row in shown.examples[k])
        assert all(other == targets[row] != k for row, other in shown.counterexamples[k])
        assert 1 <= len(shown.counterexamples[k]) <= 2
        seen += [texts[row] for row in shown.examples[k]]
        seen += [texts[row] for row, _ in shown.counterexamples[k]]
    assert len(set(seen)) == len(seen)
    assert all(SHORTEST <= len(t) <= LONGEST for t in seen)


def test_a_wrong_label_is_shown_nowhere() -> None:
    texts, labels = rows(600)
    names = sorted(WORDS)
    targets = np.array([names.index(label) for label in labels])
    wrong = np.arange(0, 600, 60)
    targets[wrong] = (targets[wrong] + 1) % len(names)
    shown = exemplars(vectors(texts), targets, texts, len(names))
    rows_shown = {row for rows_ in shown.examples for row in rows_}
    rows_shown |= {row for pairs in shown.counterexamples for row, _ in pairs}
    assert not rows_shown & set(wrong.tolist())


@pytest.mark.parametrize(
    "texts", [["!!!", "???", "..."], ["", " ", "\n"], ["same", "same", "same"]]
)
def test_texts_that_show_nothing(texts: list[str]) -> None:
    shown = exemplars(vectors(texts), np.array([0, 1, -1]), texts, 3)
    assert len(shown.examples) == 3
    assert shown.examples[2] == ()


def test_of_long_items_the_readable_come_first() -> None:
    texts = ["match goal " * 40, "match goal league", "x", "profit market bank", "bond " * 90]
    shown = exemplars(vectors(texts), np.array([0, 0, 0, 1, 1]), texts, 2, examples=1)
    assert shown.examples == ((1,), (3,))


# --- the whole file ---------------------------------------------------------------------------


def written(folder: Path, texts: list[str], labels: list[str], **more: list[Any]) -> Path:
    path = folder / "items.parquet"
    pq.write_table(pa.table({"text": texts, "topic": labels, **more}), path)
    return path


def test_a_file_with_examples_and_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABELWRIGHT_DATA", raising=False)
    texts, labels = rows(1_200)
    path = written(tmp_path, texts, labels)
    made = start(tmp_path / "a.task", Wish(source=path, label="topic"))
    task = read_file(made.path).task
    assert all(len(c.examples) == 3 and c.counterexamples for c in task.classes)
    of = dict(zip(texts, labels, strict=True))
    for each in task.classes:
        assert {of[s.value] for s in each.examples} == {each.title}
        assert each.title not in {of[s.value] for s in each.counterexamples}
    assert task.rules
    assert "in the other half of items.parquet: precision at least 0.9" in made.text
    assert "The holdout is drawn from the same rows" in made.text
    assert all(rule.label and rule.label in rule.name for rule in task.rules)
    assert (
        start(tmp_path / "a.task", Wish(source=path, label="topic"), force=True).text == made.text
    )
    bare = start(tmp_path / "b.task", Wish(source=path, label="topic", bare=True))
    assert "rules {" not in bare.text
    assert "examples" not in bare.text


def test_rows_that_measure_are_never_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LABELWRIGHT_DATA", raising=False)
    texts, labels = rows(1_200)
    split = ["test" if n % 3 == 0 else "train" for n in range(1_200)]
    texts = [f"{t} unicorn" if s == "test" else t for t, s in zip(texts, split, strict=True)]
    path = written(tmp_path, texts, labels, split=split)
    made = start(tmp_path / "a.task", Wish(source=path, label="topic"))
    assert "unicorn" not in made.text
    assert 'items when split == "test"' in made.text
    assert "are not among those that measure" in made.text.replace("\n#   ", " ")


def test_a_long_file_is_looked_at_all_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from labelwright.importing import labelled
    from labelwright.propose import _source

    monkeypatch.setattr(labelled, "MOST_ROWS", 100)
    labels = [str(n) for n in range(1_050)]
    split = ["test" if n >= 500 else None for n in range(1_050)]
    path = written(tmp_path, [f"t{n}" for n in range(1_050)], labels, split=split)
    _, source = _source(path, tmp_path, None, ("text",))
    table, found = spread(source, "topic", ["text"], 1_050)
    assert found == [str(n) for n in range(0, 1_050, 11)]
    assert table["text"].to_pylist() == [f"t{n}" for n in found]
    _, found = spread(source, "topic", ["text"], 1_050, leave_out=("split", "test"))
    assert found == [str(n) for n in range(0, 500, 11)]


REAL = {
    "ag_news": ("label", 4),
    "sms_spam": ("label", 2),
    "korean_3i4k": ("label", 7),
    "banking77": ("label", 77),
    "adult": ("label", 2),
    "goemotions": ("labels", 28),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(REAL))
def test_real_data(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = DATA / name / "data.parquet"
    if not path.exists():
        pytest.skip(f"needs the public data set {name}/data.parquet under LABELWRIGHT_DATA")
    monkeypatch.setenv("LABELWRIGHT_DATA", str(DATA))
    label, classes = REAL[name]
    made = start(tmp_path / f"{name}.task", Wish(source=path, label=label))
    task = read_file(made.path).task
    assert len(task.classes) == classes
    assert task.rules
    # The rows that measure were kept apart: on them the rules are as good as they are said to be.
    found = propose(path, label=label, data_root=DATA)
    if not found.measured_by:
        return
    table = pq.read_table(path)
    table = table.filter(pc.equal(table["split"], "test"))
    title = {c.id: c.title for c in task.classes}
    right = fired = 0
    for rule in task.rules:
        assert rule.when is not None
        hits = mask(rule.when, table)
        labels = table.filter(pa.array(hits))[label].to_pylist()
        fired += len(labels)
        wanted = title[rule.label or ""]
        right += sum(wanted in x if isinstance(x, list) else x == wanted for x in labels)
    assert fired >= 20
    assert right / fired >= PRECISION - 0.03
