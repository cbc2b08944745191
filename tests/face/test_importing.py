"""`init --from`: lists of classes, data set features, and what every import promises."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labelwright.definition import read_file
from labelwright.dsl.scaffold_classes import in_order
from labelwright.dsl.task import Task
from labelwright.importing.door import imported
from labelwright.importing.found import MOST_BYTES, Imported, ImportingError
from labelwright.importing.front_matter import section
from labelwright.loop.errors import LabelwrightError
from labelwright.starting import Wish, draft, start


@pytest.fixture(autouse=True)
def no_data_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABELWRIGHT_DATA", raising=False)


def brought(folder: Path, name: str, text: str | bytes, **more: str) -> Imported:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return imported(path, **more)


def task_of(folder: Path, **wish: object) -> Task:
    """The Task of the file that `init` writes; it checks, or this raises."""
    made = start(folder / "made.task", Wish(**wish), force=True)  # type: ignore[arg-type]
    task = read_file(made.path).task
    assert read_file(made.path).text == made.text
    return task


def titles(found: Imported) -> list[str]:
    return [c.shown for c in in_order(found.classes)]


# --- plain lists ------------------------------------------------------------------------------


def test_a_text_file_has_a_class_a_line(tmp_path: Path) -> None:
    text = "\ufeff# topics\nSports\n경제: 시장, 회사, 물가\n경제 뉴스\tNews on it\n\nSci/Tech:\n10:30 news\n"
    found = brought(tmp_path, "classes.txt", text)
    assert [(c.shown, c.describe) for c in found.classes] == [
        ("Sports", ""),
        ("경제", "시장, 회사, 물가"),
        ("경제 뉴스", "News on it"),
        ("Sci/Tech", ""),
        ("10:30 news", ""),
    ]
    task = task_of(tmp_path, source=tmp_path / "classes.txt")
    assert [(c.id, c.title) for c in task.classes] == [
        ("Sports", "Sports"),
        ("경제", "경제"),
        ("경제뉴스", "경제 뉴스"),
        ("SciTech", "Sci/Tech"),
        ("N1030News", "10:30 news"),
    ]
    assert task.classes[1].describe == "시장, 회사, 물가"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (["a", "b"], [("a", "", ())]),
        ({"a": "what it is", "b": None}, [("a", "what it is", ())]),
        ({"0": "a", "1": "b"}, [("a", "", ("0",))]),
        ({"id2label": {"0": "a", "1": "b"}, "model_type": "x"}, [("a", "", ("0",))]),
        (
            [{"name": "a", "describe": "x", "aliases": ["A1"]}, {"label": "b"}],
            [("a", "x", ("A1",))],
        ),
    ],
)
def test_json_lists(tmp_path: Path, value: object, wanted: list[tuple[object, ...]]) -> None:
    path = tmp_path / "classes.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    task = task_of(tmp_path, source=path)
    assert [(c.id, c.describe, c.aliases) for c in task.classes][:1] == wanted
    assert [c.id for c in task.classes] == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.txt", "Sports\n\nsports \n", "line 3: the class 'sports' is there already (line 1)"),
        ("a.txt", "# nothing\n", "there is no class in it"),
        ("a.txt", b"ok\nna\xefve\n", "line 2: byte 0xef is not UTF-8"),
        ("a.txt", "ok\nna\0me\n", "line 2: it holds a NUL"),
        ("a.txt", "word " * 100, "line 1: 'word"),
        ("a.txt", "".join(f"c{n}\n" for n in range(501)), "line 501: there are 501"),
        ("a.txt", "x" * (MOST_BYTES + 1), "larger than 5 MB"),
        ("a.json", "[1, 2", "line 1: this is no JSON"),
        ("a.json", '{"a": "x",\n"a": "y"}', "'a' stands in one object twice"),
        ("a.json", '{"a": {"b": 1}}', "no list of classes"),
        ("a.json", '["a", ""]', "entry 2 has no name"),
        ("a.json", '["a", {"title": "b"}]', "entry 2 has no name"),
        ("a.json", '["a", "A"]', "the class 'A' is there already"),
        ("a.json", "[" * 100_000, "nested too deeply"),
        ("a.json", "12", "no list of classes"),
        ("a.docx", "x", "nothing is known about files that end in .docx"),
        ("README.md", "# no front matter", "says nothing of its features"),
    ],
)
def test_what_cannot_be_read_says_where_and_what_to_do(
    tmp_path: Path, name: str, text: str | bytes, said: str
) -> None:
    with pytest.raises(ImportingError) as caught:
        brought(tmp_path, name, text)
    assert str(tmp_path / name) in caught.value.message
    assert said in caught.value.message
    assert caught.value.remedy


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ImportingError, match="no such file"):
        imported(tmp_path / "none.txt")
    with pytest.raises(ImportingError, match="cannot be read"):
        imported(tmp_path)


# --- data set features ------------------------------------------------------------------------

FEATURES = {
    "id": {"dtype": "string", "_type": "Value"},
    "text": {"dtype": "string", "_type": "Value"},
    "label": {"names": ["neg", "pos"], "_type": "ClassLabel"},
}
TAGS = ["O", "B-PER", "I-PER", "B-creative-work", "I-creative-work"]


def test_a_class_label_with_the_numbers_that_data_hold(tmp_path: Path) -> None:
    infos = {"default": {"features": FEATURES, "description": "Films."}, "other": {"features": {}}}
    found = brought(tmp_path, "dataset_infos.json", json.dumps(infos))
    assert [c.spellings for c in found.classes] == [("neg", "0"), ("pos", "1")]
    assert (found.text, found.label, found.answer.choose) == (("text",), "label", "one")
    assert any("left out: other" in r for r in found.remarks)
    (tmp_path / "train.csv").write_text(
        "text,label\n" + "".join(f"item {n},{n % 2}\n" for n in range(30)), encoding="utf-8"
    )
    task = task_of(
        tmp_path,
        source=tmp_path / "dataset_infos.json",
        data=tmp_path / "train.csv",
        label="label",
    )
    assert [(c.id, c.aliases) for c in task.classes] == [("neg", ("0",)), ("pos", ("1",))]
    assert task.annotators.source.name == "simulate"


@pytest.mark.parametrize(
    "feature",
    [
        {"feature": {"names": ["a", "b"], "_type": "ClassLabel"}, "_type": "Sequence"},
        {"feature": {"names": ["a", "b"], "_type": "ClassLabel"}, "_type": "List"},
        [{"names": ["a", "b"], "_type": "ClassLabel"}],
    ],
)
def test_a_list_of_classes_is_several_an_item(tmp_path: Path, feature: object) -> None:
    features = {"text": FEATURES["text"], "labels": feature}
    found = brought(tmp_path, "dataset_info.json", json.dumps({"features": features}))
    assert (found.answer.kind, found.answer.choose, found.answer.empty) == (
        "classification",
        "many",
        "allowed",
    )
    assert task_of(tmp_path, source=tmp_path / "dataset_info.json").choose == "many"


def test_tags_of_words_are_spans(tmp_path: Path) -> None:
    features = {
        "tokens": {"feature": FEATURES["text"], "_type": "Sequence"},
        "ner_tags": {"feature": {"names": TAGS, "_type": "ClassLabel"}, "_type": "Sequence"},
        "image": {"_type": "Image"},
    }
    found = brought(tmp_path, "dataset_info.json", json.dumps({"features": features}))
    assert found.answer.kind == "spans"
    assert titles(found) == ["PER", "creative-work"]
    assert any("a tag for each word" in r for r in found.remarks)
    task = task_of(tmp_path, source=tmp_path / "dataset_info.json")
    assert (task.kind, [c.id for c in task.classes]) == ("spans", ["PER", "CreativeWork"])


def test_pictures(tmp_path: Path) -> None:
    features = {"picture": {"_type": "Image"}, "label": FEATURES["label"]}
    (tmp_path / "i.json").write_text(json.dumps({"features": features}), encoding="utf-8")
    task = task_of(tmp_path, source=tmp_path / "i.json")
    assert (task.data.image, task.data.text) == (("picture",), ())


CARD = """---
license: [mit, "x"]   # not looked at
tags: &anchor
  - a
dataset_info:
- config_name: first
  features:
  - name: text
    dtype: string
  - name: 'the label'
    dtype:
      class_label:
        names:
          '1': "p\\u00e9s" # yes
          '0': it''s
          '10': ten
  - name: tags
    sequence:
      class_label:
        names:
          '0': x
          '1': y
  splits:
  - name: train
    num_bytes: 4
- config_name: second
  features:
  - name: text
    dtype: string
train-eval-index: >
  whatever
---
# A card
"""


def test_a_card(tmp_path: Path) -> None:
    found = brought(tmp_path, "README.md", CARD)
    assert [c.spellings for c in found.classes] == [("it''s", "0"), ("pés", "1"), ("ten", "2")]
    assert (found.label, found.text) == ("the label", ("text",))
    assert any("`--label tags`" in r for r in found.remarks)
    assert titles(imported(tmp_path / "README.md", label="tags")) == ["x", "y"]
    with pytest.raises(ImportingError, match="column nothing names no classes"):
        imported(tmp_path / "README.md", label="nothing")


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ("dataset_info:\n  features:\n\t- name: x\n", "line 4: a tab"),
        ("dataset_info:\n  features: &a\n", "line 3: `&a`"),
        ("dataset_info:\n  features: [a, b]\n", "line 3: `[a, b]`"),
        ("dataset_info:\n  a: 1\n  a: 2\n", "line 4: the key 'a'"),
        ("dataset_info:\n  just words\n", "line 3: this line is neither"),
        ("dataset_info:\n    a: 1\n  b: 2\n", "line 4: this line is indented unlike"),
        ('dataset_info:\n  a: "x\n', "line 3: these quotes"),
        ("dataset_info:\n" + "".join(f"{' ' * n}a:\n" for n in range(1, 60)), "too deeply"),
    ],
)
def test_a_card_that_is_not_understood(tmp_path: Path, inside: str, said: str) -> None:
    with pytest.raises(ImportingError) as caught:
        brought(tmp_path, "README.md", f"---\n{inside}---\n")
    assert said in caught.value.message


def test_a_card_that_is_not_closed(tmp_path: Path) -> None:
    with pytest.raises(ImportingError, match="not closed"):
        brought(tmp_path, "README.md", "---\ndataset_info:\n")


SCALARS = st.text("abc 가:#'\"-\\", max_size=8) | st.sampled_from(["", "no", "1", "O", "- x"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(SCALARS, inner, min_size=1, max_size=3)
    ),
    max_leaves=8,
)


def written(value: object, margin: str) -> str:
    """YAML of a value, on lines of its own, with every text in single quotes."""
    if isinstance(value, str):
        quoted = value.replace("'", "''")
        return f" '{quoted}'\n"
    if isinstance(value, list):
        return "\n" + "".join(f"{margin}-{written(v, margin + '  ')}" for v in value)
    assert isinstance(value, dict)
    return "\n" + "".join(
        "{}'{}':{}".format(margin, k.replace("'", "''"), written(v, margin + "  "))
        for k, v in value.items()
    )


@settings(max_examples=150)
@given(st.dictionaries(SCALARS, VALUES, min_size=1, max_size=3))
def test_what_is_written_in_blocks_is_read_back(value: dict[str, object]) -> None:
    card = f"---\ndataset_info:{written(value, '  ')}---\n"
    assert section(Path("card"), card, "dataset_info") == value


@settings(max_examples=300)
@given(st.text("ab:-'\"\\ \n\t#[{&|0", max_size=60))
def test_a_card_of_anything_is_read_or_refused(inside: str) -> None:
    with contextlib.suppress(ImportingError):  # anything else is a fault of the reader
        section(Path("card"), f"---\ndataset_info:\n{inside}\n---\n", "dataset_info")


def test_a_parquet_file_that_names_its_own_classes(tmp_path: Path) -> None:
    rows = [{"text": f"item number {n}", "label": n % 2} for n in range(40)]
    table = pa.Table.from_pylist(rows).replace_schema_metadata(
        {"huggingface": json.dumps({"info": {"features": FEATURES}})}
    )
    pq.write_table(table, tmp_path / "train.parquet")
    task = task_of(tmp_path, source=tmp_path / "train.parquet")  # the label is known too
    assert [(c.id, c.aliases) for c in task.classes] == [("neg", ("0",)), ("pos", ("1",))]
    plain = pa.Table.from_pylist(rows).replace_schema_metadata({"huggingface": "no json"})
    pq.write_table(plain, tmp_path / "plain.parquet")
    task = task_of(tmp_path, source=tmp_path / "plain.parquet", label="label")
    assert [c.id for c in task.classes] == ["0", "1"]


# --- the command ------------------------------------------------------------------------------


def test_nothing_is_overwritten_and_nothing_half_written(tmp_path: Path) -> None:
    path = tmp_path / "a.task"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(LabelwrightError, match="is there already"):
        start(path, Wish(classes=("a", "b")))
    assert path.read_text(encoding="utf-8") == "mine"
    (tmp_path / "c.txt").write_text("a\na\n", encoding="utf-8")
    with pytest.raises(LabelwrightError, match="is there already"):
        start(path, Wish(source=tmp_path / "c.txt"), force=True)
    assert path.read_text(encoding="utf-8") == "mine"
    assert sorted(os.listdir(tmp_path)) == ["a.task", "c.txt"]
    start(path, Wish(classes=("a", "b")), force=True)
    assert path.read_text(encoding="utf-8").startswith("# Fill in")
    assert sorted(os.listdir(tmp_path)) == ["a.task", "c.txt"]


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({}, "none is given"),
        ({"label": "y"}, "no data are given"),
        ({"classes": ("a",)}, "no task file can be made"),  # one class is no choice
        ({"control": "x", "classes": ("a", "b")}, "about a labelling config"),
        ({"source": "d.csv", "data": "d.csv"}, ["both", "hold items"][1]),
        ({"source": "d.csv"}, "has the columns text, y"),
        ({"source": "d.csv", "label": "z"}, "z"),
        ({"source": "d.csv", "label": "y", "classes": ("p", "r")}, "no class has: 'q' (1)"),
    ],
)
def test_wishes_that_do_not_fit(tmp_path: Path, wish: dict[str, object], said: str) -> None:
    (tmp_path / "d.csv").write_text("text,y\nfirst,p\nsecond,q\n", encoding="utf-8")
    paths = {k: tmp_path / str(wish[k]) for k in ("source", "data") if k in wish}
    with pytest.raises(LabelwrightError) as caught:
        draft(tmp_path / "a.task", Wish(**{**wish, **paths}))  # type: ignore[arg-type]
    assert said in caught.value.message + caught.value.remedy
    assert caught.value.remedy
    assert sorted(os.listdir(tmp_path)) == ["d.csv"]


def test_an_import_meets_the_data(tmp_path: Path) -> None:
    (tmp_path / "page.xml").write_text(
        '<View><Text name="t" value="$text"/><Choices name="c" toName="t">'
        '<Choice value="Very good" alias="good"/><Choice value="Bad"/></Choices></View>',
        encoding="utf-8",
    )
    rows = "".join(f"message number {n},{('good', 'very GOOD', 'bad')[n % 3]}\n" for n in range(30))
    (tmp_path / "d.csv").write_text("body,y\n" + rows, encoding="utf-8")
    wish = Wish(source=tmp_path / "page.xml", data=tmp_path / "d.csv", label="y")
    made = start(tmp_path / "a.task", wish)
    assert [(c.shown, c.count) for c in made.classes] == [("Very good", 20), ("Bad", 10)]
    assert "d.csv has no column text, which the import names" in made.remarks
    assert read_file(made.path).task.data.text == ("body",)
    (tmp_path / "d.csv").write_text("body,text,y\n" + "a,b,bad\n" * 9, encoding="utf-8")
    assert start(tmp_path / "b.task", wish).remarks == ()
    assert read_file(tmp_path / "b.task").task.data.text == ("text",)


def test_the_command(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("Sports: matches\n경제 뉴스\n", encoding="utf-8")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "labelwright", "init", "a.task", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8")

    done = run("--from", "classes.txt")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("a.task: 2 classes\n  Sports\n  경제 뉴스\n")
    assert done.stdout.rstrip().endswith("labelwright run a.task")
    again = run("--from", "classes.txt")
    assert (again.returncode, again.stdout) == (1, "")
    assert "a.task is there already" in again.stderr
    told = json.loads(run("--from", "classes.txt", "--force", "--json").stdout)
    assert told["text"] == (tmp_path / "a.task").read_text(encoding="utf-8")
    (tmp_path / "classes.txt").write_text("a\na\n", encoding="utf-8")
    wrong = run("--from", "classes.txt", "--force")
    assert wrong.returncode == 1
    assert "classes.txt, line 2: the class 'a' is there already" in wrong.stderr


def test_the_proposal_as_json(tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text("Sports: x\nSci/Tech\n", encoding="utf-8")
    told = draft(tmp_path / "a.task", Wish(source=tmp_path / "c.txt")).as_json()
    assert [(c["id"], c["title"]) for c in told["classes"]] == [
        ("Sports", "Sports"),
        ("SciTech", "Sci/Tech"),
    ]
    assert told["text"].startswith("# Fill in")
    json.dumps(told)


NAMES = st.lists(
    st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)
    | st.sampled_from(["경제", "<=50K", "per", "a b", "$x", "C++", "C#", '"', "0", "true"]),
    min_size=2,
    max_size=6,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMES, st.booleans())
def test_any_list_gives_a_task_that_checks_or_is_refused(
    tmp_path: Path, names: list[str], described: bool
) -> None:
    path = tmp_path / "c.json"
    value: object = {n: f"about {n}" for n in names} if described else names
    path.write_text(json.dumps(value), encoding="utf-8")
    try:
        found = imported(path)
    except ImportingError:
        folded = {n.casefold() for n in names}
        numbers = all(n.isdecimal() for n in names)
        assert len(folded) < len(names) or numbers
        return
    if len(found.classes) < 2:
        return
    task = task_of(tmp_path, source=path)
    assert len(task.classes) == len(found.classes)
    shown = [c.shown.replace("$", "＄") for c in found.classes]
    assert [c.title for c in task.classes] == shown
