from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labelwright.dsl.scaffold_classes import ProposedClass
from labelwright.importing.found import MOST_CLASSES
from labelwright.loop.errors import DataError
from labelwright.propose import Proposal, propose


def write_csv(folder: Path, text: str, name: str = "items.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    rows = [
        "review_id,body,stars,topic",
        '1,"Great phone, bad battery",4,Phones',
        "2,The film was too long,2,film",
        "3,영화가 정말 좋았다,5,Film",
        "4,Nothing to say about it,3,film",
        "5,It stopped after a week,1,",
        "6,A third film about cars,2,film",
    ]
    return write_csv(tmp_path, "\n".join(rows) + "\n")


def test_classes_by_count_with_samples(reviews: Path) -> None:
    found = propose(reviews, label="topic")
    assert found.source_call == 'csv("items.csv")'
    assert found.id == "review_id"
    assert found.text == ("body",)
    assert (found.image, found.columns) == ((), ())
    assert [(c.spellings, c.count) for c in found.classes] == [
        (("film", "Film"), 4),  # spellings that differ by case are one class
        (("Phones",), 1),
    ]
    assert found.classes[0].samples == (
        "The film was too long",
        "영화가 정말 좋았다",
        "Nothing to say about it",
    )
    assert (found.rows, found.unlabelled, found.complete) == (6, 1, True)
    assert propose(reviews, label="topic") == found


def test_what_is_given_is_not_guessed(reviews: Path) -> None:
    found = propose(reviews, label="topic", id="stars", columns=["stars", "review_id"])
    assert (found.id, found.text, found.columns) == ("stars", (), ("review_id",))


def test_without_a_label_there_are_no_classes(reviews: Path) -> None:
    found = propose(reviews)
    assert found.classes == ()
    assert found.text == ("body",)


def test_paths_are_relative_to_the_data_root(reviews: Path) -> None:
    found = propose(reviews, data_root=reviews.parent.parent)
    assert found.source_call == f'csv("{reviews.parent.name}/items.csv")'
    elsewhere = reviews.parent / "elsewhere"
    elsewhere.mkdir()
    with pytest.raises(DataError, match="not under the data root"):
        propose(reviews, data_root=elsewhere)


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_other_formats_propose_the_same(tmp_path: Path, form: str) -> None:
    rows = [
        {"uid": f"u{n}", "text": f"a sentence, number {n}", "y": n % 3, "split": "train"}
        for n in range(30)
    ]
    path = tmp_path / f"items.{form}"
    if form == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    found = propose(path, label="y")
    assert found.source_call == f'{form}("items.{form}")'
    assert (found.id, found.text) == ("uid", ("text",))
    assert [(c.spellings, c.count) for c in found.classes] == [
        (("0",), 10),
        (("1",), 10),
        (("2",), 10),
    ]


def test_pictures_and_tables_are_guessed(tmp_path: Path) -> None:
    pictures = write_csv(tmp_path, "photo,kind\na.JPG,x\nb/c.png,y\n", "pictures.csv")
    assert propose(pictures, label="kind").image == ("photo",)
    table = write_csv(tmp_path, "id,age,job,split,y\n1,30,cook,train,a\n2,40,judge,test,b\n")
    found = propose(table, label="y")
    assert (found.id, found.text, found.columns) == ("id", (), ("age", "job"))


def test_an_id_that_repeats_is_none(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "id,text\n1,one thing\n1,another thing\n")
    assert propose(path).id is None


def test_missing_column_says_which_there_are(reviews: Path) -> None:
    with pytest.raises(DataError, match="topik") as caught:
        propose(reviews, label="topik")
    assert "did you mean `topic`?" in caught.value.remedy
    assert "review_id, body, stars, topic" in caught.value.remedy


def test_ids_and_free_text_are_no_classes(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path, "text,y\n" + "".join(f"sentence {n},label {n // 2}\n" for n in range(60))
    )
    assert len(propose(path, label="y").classes) == 30  # each twice
    with pytest.raises(DataError, match="free text or an id"):
        propose(path, label="text")
    long = write_csv(tmp_path, "y\n" + f"{'long ' * 60}\n" * 3, "long.csv")
    with pytest.raises(DataError, match="free text"):
        propose(long, label="y")


def test_more_classes_than_anybody_can_define(tmp_path: Path) -> None:
    at_most = [f"t,c{n}" for n in range(MOST_CLASSES)] * 3
    path = write_csv(tmp_path, "\n".join(["text,y", *at_most]) + "\n")
    assert len(propose(path, label="y").classes) == MOST_CLASSES
    path = write_csv(tmp_path, "\n".join(["text,y", *at_most, "t,one more"]) + "\n")
    with pytest.raises(DataError, match="more than 500"):
        propose(path, label="y")


def test_lists_of_labels_name_several_classes(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    rows = [{"text": "a", "y": ["p", "q"]}, {"text": "b", "y": ["q"]}, {"text": "c", "y": []}]
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    found = propose(path, label="y")
    assert [(c.spellings, c.count) for c in found.classes] == [(("q",), 2), (("p",), 1)]
    assert (found.answer.choose, found.answer.empty) == ("many", "allowed")
    assert (found.rows, found.unlabelled) == (3, 0)


def test_what_is_no_label_at_all(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text('{"text": "a", "y": {"p": 1}}\n' * 3, encoding="utf-8")
    with pytest.raises(DataError, match="y"):
        propose(path, label="y")


def test_classes_that_are_given_are_counted_and_matched(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "text,y\na,0\nb,POSITIVE\nc,긍정\nd,0\n")
    given = [ProposedClass(("negative", "0")), ProposedClass(("positive",), title="긍정")]
    found = propose(path, label="y", given=given)
    assert [(c.spellings[0], c.count) for c in found.classes] == [("negative", 2), ("positive", 2)]
    path = write_csv(tmp_path, "text,y\na,0\nb,neutral\nc,neutral\n")
    with pytest.raises(DataError, match=r"no class has: 'neutral' \(2\)") as caught:
        propose(path, label="y", given=given)
    assert "negative, 긍정" in caught.value.remedy


def test_a_column_that_says_the_same_as_the_label_is_no_input(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n % 7},{'ab'[n % 2]},{n % 2}\n" for n in range(40))
    found = propose(write_csv(tmp_path, "age,size,y,code\n" + rows), label="y")
    assert found.columns == ("age", "size")
    assert found.remarks == ("Left out: column code says the same as y",)


def test_the_part_that_was_made_to_measure_measures(tmp_path: Path) -> None:
    rows = [f"item {n},{'ab'[n % 2]},{'test' if n >= 70 else 'train'}\n" for n in range(100)]
    path = write_csv(tmp_path, "text,y,split\n" + "".join(rows))
    assert propose(path, label="y").measured_by == 'split == "test"'
    few = write_csv(tmp_path, "text,y,split\n" + "".join(rows[:75]))
    assert propose(few, label="y").measured_by == ""  # five rows measure nothing


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("items.xlsx", "a", "csv, parquet and jsonl"),
        ("empty.csv", "a,b\n", "no rows"),
        ("blank.csv", "text,y\nsomething,\nelse,\n", "empty in every row"),
        ("broken.parquet", "not parquet", "parquet"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, name: str, text: str, said: str) -> None:
    path = write_csv(tmp_path, text, name)
    with pytest.raises(DataError, match=said) as caught:
        propose(path, label="y" if name == "blank.csv" else None)
    assert caught.value.remedy
    with pytest.raises(DataError):
        propose(tmp_path / "absent.csv")


def test_rows_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_bytes(b"text,y\nfine,a\n\xff\xfe,b\nfine too,a\n")
    found: Proposal = propose(path, label="y")
    assert (found.rows, found.set_aside) == (2, 1)
