"""The difference of two definitions: every edit is reported as what it is, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from labelwright.dsl import task as t
from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.diff.changes import Change, summary
from labelwright.dsl.diff.pairing import pair
from labelwright.dsl.diff.whole import diff
from labelwright.dsl.read import read
from tests.dsl.catalogues import EVERYTHING
from tests.dsl.tasks import tasks

NEWS = (Path(__file__).parent / "examples" / "news.task").read_text(encoding="utf-8")
BASE = """
task news "News" {
  choose = one
}
class Business { describe = "Money, firms and markets." }
class Crime { hotkey = "c" }
class Sports
class Politics
data {
  source = csv("news.csv")
  text = body
}
rules {
  fraud: vote Crime when body contains "fraud"
}
budget {
  annotations = 900
  per_round = 20 items
}
accept { recall of Crime >= 50% }
"""
few = settings(max_examples=15, suppress_health_check=list(HealthCheck))
plenty = settings(max_examples=40, suppress_health_check=list(HealthCheck))


def task_of(text: str) -> t.Task:
    reading = read(SourceText("t.task", text), EVERYTHING)
    assert reading.task is not None, [d.message for d in reading.errors]
    return reading.task


def edited(*edits: tuple[str, str], text: str = BASE) -> t.Task:
    for before, after in edits:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return task_of(text)


def told(*edits: tuple[str, str]) -> list[str]:
    return [f"{c.mark} {c.text} [{c.effect}]" for c in diff(task_of(BASE), edited(*edits))]


# --- one edit, one change ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        (
            [("class Business {", "class 경제 {\n  was = Business\n")],
            ["> class Business is now 경제 [remap]"],
        ),
        (
            [
                ('class Crime { hotkey = "c" }', "class Fraud { split_of = Crime }\n"
                 "class OtherCrime { split_of = Crime }"),
                ("vote Crime", "vote Fraud"),
                ("recall of Crime >= 50%", "recall of Fraud >= 60%"),
            ],
            [
                "/ class Crime splits into Fraud, OtherCrime [relabel]",
                '~ rule fraud: vote Fraud when body contains "fraud" [none]',
                "~ accept: recall of Crime >= 50% -> recall of Fraud >= 60% [remeasure]",
            ],
        ),
        (
            [('class Crime { hotkey = "c" }', 'class Crime {\n  split_of = Crime\n  hotkey = "c"\n'
              "}\nclass Fraud { split_of = Crime }")],
            ["/ class Crime splits into Crime (what is left), Fraud [relabel]"],
        ),
        (
            [("class Sports", "class Public { was = [Sports, Politics] }"), ("class Politics", "")],
            ["> classes Sports and Politics are now Public [remap]"],
        ),
        (
            [("class Sports", "class Sports { was = Politics }"), ("class Politics", "")],
            ["> class Sports takes in Politics [remap]"],
        ),
        ([("class Politics", "")], ["- class Politics is gone [relabel]"]),
        ([("class Politics", "class Politics\nclass 날씨")], ["+ class 날씨 is new [notice]"]),
        (
            [("class Politics", "class Politics { class Election }")],
            ["/ class Politics is divided into Politics.Election, and no longer an answer itself "
             "[relabel]"],
        ),
        (
            [("class Politics", "class Politics {\n  class Sports { was = Sports }\n}"),
             ("class Sports\n", "")],
            [
                "/ class Politics is no longer an answer itself [relabel]",
                "> class Sports moves under Politics [remap]",
            ],
        ),
        (
            [("class Politics", 'class Politics "Government"')],
            ['~ class Politics reads "Government" to people, was "Politics" [notice]'],
        ),
        (
            [("Money, firms and markets.", "Money.")],
            ['~ class Business describe: "Money, firms and markets." -> "Money." [notice]'],
        ),
        ([("class Politics", "class Politics { role = unusable }")],
         ["~ class Politics role: nothing -> unusable [remeasure]"]),
        ([("class Politics", "class Politics { aliases = [politics2] }")],
         ['~ class Politics aliases: nothing -> ["politics2"] [reread]']),
        ([("class Sports\nclass Politics", "class Politics\nclass Sports")],
         ["~ the order of the classes [none]"]),
        ([("per_round = 20 items", "per_round = 50 items")],
         ["~ budget.per_round: 20 items -> 50 items [none]"]),
        ([("choose = one", "choose = many")],
         ["~ choose: one -> many [relabel]",
          "~ annotators.resolve: crowdlab -> majority [remeasure]"]),
        ([("accept {", "query { phase main { strategy = margin } }\naccept {")],
         ["- phase all [none]", "+ phase main: margin [none]"]),
        ([('text = body', 'text = title')], ["~ data.text: body -> title [reread]"]),
        ([('text = body', 'text = body\n  keep when body is not missing')],
         ["~ data.keep when: nothing -> body is not missing [reread]"]),
        ([("accept { recall of Crime >= 50% }", "accept {}")],
         ["- accept: recall of Crime >= 50% [remeasure]"]),
        ([("accept { recall", "accept {\n  accuracy >= 60%\n  recall"), (">= 50% }", ">= 50%\n}")],
         ["+ accept: accuracy >= 60% [remeasure]"]),
        ([("fraud: vote", "phishing: vote")], [
            '- rule fraud [none]',
            '+ rule phishing: vote Crime when body contains "fraud" [none]']),
        ([("rules {", "constraints { Crime excludes Sports }\nrules {")],
         ["+ constraint Crime excludes Sports [relabel]"]),
        ([("rules {", "slice long when length(body) > 100\nrules {")],
         ["+ slice long: length(body) > 100 [remeasure]"]),
        ([("rules {", "pseudo_labels { method = threshold }\nrules {")],
         ["+ the block pseudo_labels is new [none]"]),
        ([('task news "News"', 'task news "World news"')],
         ['~ title: "News" -> "World news" [notice]']),
    ],
)  # fmt: skip
def test_an_edit_is_reported_as_what_it_is(
    edits: list[tuple[str, str]], expected: list[str]
) -> None:
    assert told(*edits) == expected


def test_what_follows_from_a_rename_is_no_change_of_its_own() -> None:
    new = edited(
        ("class Crime {", "class Offence {\n  was = Crime\n"),
        ("vote Crime", "vote Offence"),
        ("recall of Crime", "recall of Offence"),
    )
    assert [c.kind for c in diff(task_of(BASE), new)] == ["rename"]


def test_a_renamed_parent_brings_its_children_along() -> None:
    nested = BASE.replace("class Politics", "class Politics {\n  class Election\n  class Law\n}")
    new = edited(("class Politics {", "class 정치 {\n  was = Politics\n"), text=nested)
    found = diff(task_of(nested), new)
    assert [(c.kind, c.old, c.new) for c in found] == [("rename", ("Politics",), ("정치",))]
    origins = pair(task_of(nested), new).origins
    assert origins["정치.Election"].sources == ("Politics.Election",)


def test_a_line_that_was_applied_says_nothing_any_more() -> None:
    split = (
        'class Crime { hotkey = "c" }',
        'class Crime {\n  split_of = Crime\n  hotkey = "c"\n}\nclass Fraud { split_of = Crime }',
    )
    applied = edited(split)
    later = edited(split, ("per_round = 20 items", "per_round = 50 items"))
    assert [c.subject for c in diff(applied, later)] == ["budget.per_round"]
    gone = diff(applied, task_of(BASE))  # the line may go once it was applied
    assert {(c.subject, c.kind) for c in gone} == {
        ("class Fraud", "remove"),
        ("class Crime split_of", "change"),
    }


def test_a_line_that_was_applied_does_not_take_a_later_class_of_the_name() -> None:
    applied = edited(("class Sports", "class Athletics { was = Sports }"))
    more = t.Class(id="Sports", title="Sports")
    old, new = applied.model_copy(update={"classes": (*applied.classes, more)}), applied
    found = {c.text: c.hint for c in diff(old, new)}
    assert "class Sports is gone" in found
    assert "applied before and says nothing now" in found["class Sports is gone"]
    assert pair(old, new).origins["Athletics"].sources == ("Athletics",)


def test_names_that_differ_by_case_are_one_class() -> None:
    assert told(("class Politics", "class POLITICS")) == [
        "> class Politics is now POLITICS [remap]"
    ]


def test_a_class_cannot_become_two() -> None:
    old = task_of(BASE)
    new = old.model_copy(
        update={
            "classes": (
                *old.classes[1:],
                t.Class(id="X", title="X", was=("Business",)),
                t.Class(id="Y", title="Y", was=("Business",)),
            )
        }
    )
    assert pair(old, new).problems == ("Business cannot have become both X and Y",)
    stays = old.model_copy(
        update={"classes": (*old.classes, t.Class(id="X", title="X", was=("Crime",)))}
    )
    assert pair(old, stays).problems == ("X was Crime, and Crime is a class still",)


# --- a rename that nobody said ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("edits", "pairs"),
    [
        ([("class Business", "class 경제")], [("Business", "경제")]),  # the only two, same describe
        ([("class Sports", "class Sport")], [("Sports", "Sport")]),
        ([("class Sports", 'class Athletics "Sports"')], [("Sports", "Athletics")]),
        (
            [("class Politics", "class Public { class Politics }")],
            [("Politics", "Public.Politics")],
        ),
        (
            [("class Sports", "class Athletics { aliases = [sports] }"), ("class Business", "class 경제")],
            [("Sports", "Athletics"), ("Business", "경제")],
        ),
        ([("class Sports\nclass Politics", "class Weather\nclass Traffic")], []),
    ],
)  # fmt: skip
def test_a_removal_and_an_addition_that_look_alike_propose_the_line(
    edits: list[tuple[str, str]], pairs: list[tuple[str, str]]
) -> None:
    hints = [c.hint for c in diff(task_of(BASE), edited(*edits)) if c.hint]
    assert sorted(hints) == sorted(
        f"class {old} is gone and {new} is new: if it is the same class, add `was = {old}` to it"
        for old, new in pairs
    )


def test_hangul_is_compared_by_its_letters() -> None:
    old = edited(("class Business", "class 경제"), ("class Sports", "class 날씨"))
    new = edited(("class Business", "class 겅제"), ("class Sports", "class 교통"))
    assert [c.hint.split(" ")[1] for c in diff(old, new) if c.hint] == ["경제"]


def test_the_summary_counts_by_kind() -> None:
    new = edited(
        ("class Business {", "class 경제 {\n  was = Business\n"),
        ('class Crime { hotkey = "c" }', "class Fraud { split_of = Crime }"),
        ("vote Crime", "vote Fraud"),
        ("recall of Crime", "recall of Fraud"),
    )
    assert summary(diff(task_of(BASE), new)) == "1 rename, 1 split, 2 changes"
    assert summary(()) == "no change"


# --- any Task, any edit -----------------------------------------------------------------------


@plenty
@given(tasks())
def test_nothing_differs_from_itself(task: t.Task) -> None:
    assert diff(task, task) == ()
    assert diff(task, task.model_copy(deep=True)) == ()


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """(path, another value) for every field of a Task that can be changed alone."""
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            if path[:1] == ("classes",) and name in ("id", "parent"):
                continue  # what names hang on is edited by the tests above
            allowed = get_args(type(value).model_fields[name].annotation)
            now = getattr(value, name)
            if get_origin(type(value).model_fields[name].annotation) is Literal:
                yield from (((*path, name), other) for other in allowed if other != now)
            else:
                yield from leaves(now, (*path, name))
    elif isinstance(value, tuple):
        for number, part in enumerate(value):
            yield from leaves(part, (*path, number))
        if value and path[:1] != ("classes",):
            yield path, value[1:]
        if len(set(map(repr, value))) > 1 and path != ("classes",):
            yield path, value[::-1]
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from leaves(part, (*path, key))
    elif isinstance(value, bool):
        yield path, not value
    elif isinstance(value, int | float):
        yield path, value + 1
    elif isinstance(value, str):
        yield path, value + "x"


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    here, *rest = path
    if isinstance(value, BaseModel):
        return value.model_copy(update={here: put(getattr(value, here), tuple(rest), new)})
    if isinstance(value, dict):
        return value | {here: put(value[here], tuple(rest), new)}
    return (*value[:here], put(value[here], tuple(rest), new), *value[here + 1 :])


@few
@given(tasks(), st.data())
def test_every_field_counts(task: t.Task, data: st.DataObject) -> None:
    everywhere = list(leaves(task))
    start = data.draw(st.integers(0, 19))
    for path, value in everywhere[start::20]:
        other = put(task, path, value)
        if other != task:
            assert diff(task, other), path
            assert diff(other, task), path


@few
@given(tasks(), tasks())
def test_a_block_put_in_from_elsewhere_is_noticed(task: t.Task, donor: t.Task) -> None:
    for field in t.Task.model_fields:
        other = task.model_copy(update={field: getattr(donor, field)})
        assert bool(diff(task, other)) == (task != other), field


EDITS = ("rename", "retitle", "describe", "remove", "add", "merge", "split", "absorb")


def edit(draw: Any, classes: list[t.Class]) -> tuple[list[t.Class], tuple[str, Any, Any]]:
    """One known edit of classes at the top that are untouched yet; (kind, old ids, new ids)."""
    free = [c for c in classes if c.id.startswith("Spare")]
    kind = draw(st.sampled_from(EDITS)) if free else "add"
    if kind == "add":
        fresh = f"Fresh{len(classes)}"
        return [*classes, t.Class(id=fresh, title=fresh)], ("add", (), (fresh,))
    one = draw(st.sampled_from(free))
    rest = [c for c in classes if c.id != one.id]
    name = f"New{one.id}"
    if kind == "retitle":
        changed = one.model_copy(update={"title": one.title + " x", "id": one.id})
        return _swap(classes, one, changed), ("retitle", (one.id,), (one.id,))
    if kind == "describe":
        changed = one.model_copy(update={"describe": one.describe + "x"})
        return _swap(classes, one, changed), ("change", (one.id,), (one.id,))
    if kind == "remove":
        return rest, ("remove", (one.id,), ())
    if kind == "rename":
        changed = one.model_copy(update={"id": name, "title": one.title, "was": (one.id,)})
        return _swap(classes, one, changed), ("rename", (one.id,), (name,))
    if kind == "split":
        parts = tuple(t.Class(id=i, title=i, split_of=one.id) for i in (f"{name}1", f"{name}2"))
        return [*rest, *parts], ("split", (one.id,), tuple(p.id for p in parts))
    others = [c for c in free if c.id != one.id]
    if not others:
        return rest, ("remove", (one.id,), ())
    other = draw(st.sampled_from(others))
    left = [c for c in rest if c.id != other.id]
    if kind == "merge":
        merged = t.Class(id=name, title=name, was=(one.id, other.id))
        return [*left, merged], ("merge", tuple(sorted((one.id, other.id))), (name,))
    grown = one.model_copy(update={"was": (other.id,)})
    kept = [grown if c.id == one.id else c for c in classes if c.id != other.id]
    return kept, ("merge", tuple(sorted((one.id, other.id))), (one.id,))


def _swap(classes: list[t.Class], one: t.Class, other: t.Class) -> list[t.Class]:
    return [other if c.id == one.id else c for c in classes]


@plenty
@given(tasks(), st.data())
def test_known_edits_are_reported_exactly(task: t.Task, data: st.DataObject) -> None:
    spares = [t.Class(id=f"Spare{n}", title=f"Spare{n}") for n in range(6)]
    base = [c for c in task.classes if not c.id.startswith("Spare")]
    # What names the classes that will be edited would change with them.
    old = task.model_copy(
        update={
            "classes": (*base, *spares),
            "rules": (),
            "accept": t.Accept(),
            "query": t.Query(phases=task.query.phases[-1:]),
            "pseudo_labels": None,
        }
    )
    old = old.model_copy(
        update={"query": t.Query(phases=(old.query.phases[0].model_copy(update={"until": None}),))}
    )
    classes = list(old.classes)
    done = []
    for _ in range(data.draw(st.integers(1, 4))):
        edited_ids = {i for _, olds, news in done for i in (*olds, *news)}
        frozen = [c for c in classes if c.id in edited_ids or not c.id.startswith("Spare")]
        free = [c for c in classes if c not in frozen]
        after, what = edit(data.draw, free)
        classes = [*frozen, *after]
        done.append(what)
    if data.draw(st.booleans()):
        budget = old.budget.model_copy(update={"per_round": old.budget.per_round + 1})
        new = old.model_copy(update={"classes": tuple(classes), "budget": budget})
        done.append(("setting", (), ()))
    else:
        new = old.model_copy(update={"classes": tuple(classes)})

    def known(change: Change) -> tuple[str, Any, Any]:
        if change.what == "setting":
            return ("setting", (), ())
        return change.kind, tuple(sorted(change.old)), change.new

    found = [known(c) for c in diff(old, new) if "order of" not in c.text]
    assert sorted(found) == sorted(done)


def test_a_line_that_names_no_class_is_pointed_at() -> None:
    old = task_of(BASE)
    first = old.classes[0]
    misspelt = first.model_copy(update={"id": "Renamed", "title": "Renamed", "was": ("Nobody",)})
    new = old.model_copy(update={"classes": (misspelt, *old.classes[1:])})
    hints = [c.hint for c in diff(old, new) if c.kind == "add"]
    assert len(hints) == 1
    assert hints[0].startswith("it says `was = Nobody`, and no class is called so; there are ")
    assert first.id in hints[0]
