"""Reading items: ids, content, faults, what the loop may see, and what it never may."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labelwright.dsl.task import (
    Annotators,
    Argument,
    Budget,
    Call,
    Class,
    Compare,
    Data,
    Encoders,
    FieldRef,
    Holdout,
    Phase,
    Query,
    Task,
    Train,
    Word,
)  # fmt: skip
from labelwright.loop.errors import DataError
from labelwright.loop.items import Snapshot, ingest, open_source, read_column
from labelwright.loop.ports import Context, Fault


def task(**data: object) -> Task:
    source = Call(name="csv", args=(Argument(value="items.csv"),))
    simulate = Call(name="simulate", args=(Argument(name="column", value=Word(name="label")),))
    return Task(
        name="t",
        title="T",
        classes=(Class(id="A", title="A"), Class(id="B", title="B")),
        data=Data.model_validate({"source": source, "text": ("body",), **data}),
        holdout=Holdout(size=0.2, annotations=10),
        annotators=Annotators(source=simulate),
        budget=Budget(annotations=50),
        query=Query(phases=(Phase(name="main", strategy=Call(name="random")),)),
        train=Train(encoder=Encoders(), finetune=Call(name="head")),
    )


def read(tmp_path: Path, csv: str, /, **data: object) -> tuple[Snapshot, list[Fault]]:
    (tmp_path / "items.csv").write_text(csv, encoding="utf-8")
    context = Context(task(**data), tmp_path, tmp_path / "cache")
    inputs, faults = ingest(context, open_source(context), tmp_path / "items.arrow")
    return Snapshot.open(tmp_path / "items.arrow", inputs), faults


ROWS = "id,body,label,lang\n" + "".join(f"{i},text {i},A,ko\n" for i in range(60))


def test_items_come_with_ids_and_only_the_columns_the_loop_may_see(tmp_path: Path) -> None:
    snapshot, faults = read(tmp_path, ROWS, id="id", show=("lang",))
    assert not faults
    assert len(snapshot) == 60
    assert snapshot.id_of(3) == "3"
    assert snapshot.table.column_names == ["lw_item", "lw_content", "lw_order", "body", "lang"]
    assert snapshot.contents.shape == (60, 16)
    assert snapshot.rows_of(["59", "no", "0"]).tolist() == [59, -1, 0]
    twice = snapshot.rows_of(["7", "7", "no", "59", "no", "7"])  # two people judged one item
    assert twice.tolist() == [7, 7, -1, 59, -1, 7]
    assert snapshot.take([5, 2]).columns(["body"])["body"].to_pylist() == ["text 5", "text 2"]
    assert snapshot.take([5, 2]).contents.tolist() == snapshot.contents[[5, 2]].tolist()


def test_the_answers_of_simulated_people_cannot_be_an_input(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="label holds the answers"):
        read(tmp_path, ROWS, id="id", show=("label",))


def test_missing_ids_and_contradicting_copies_are_set_aside_and_counted(tmp_path: Path) -> None:
    bad = ",no id,A,ko\n7,another text,B,ko\n8,text 8,A,ko\n"
    snapshot, faults = read(tmp_path, ROWS + bad, id="id")
    assert len(snapshot) == 60
    assert [(f.reason, f.detail) for f in faults] == [
        ("missing id", "column id is empty"),
        ("duplicate id with other content", "7"),
        ("exact copy of an earlier row", "8"),
    ]


def test_too_many_bad_rows_stop_the_run_and_say_which(tmp_path: Path) -> None:
    bad = "".join(f"{i},other {i},A,ko\n" for i in range(10))
    with pytest.raises(DataError, match="10 of 70 rows cannot be used: 10 with duplicate id"):
        read(tmp_path, ROWS + bad, id="id")


def test_a_missing_column_names_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column called boddy") as caught:
        read(tmp_path, ROWS, id="id", text=("boddy",))
    assert "id, body, label, lang" in caught.value.remedy


def test_without_an_id_the_content_names_the_item_and_copies_are_kept_apart(
    tmp_path: Path,
) -> None:
    text = "body,label\n" + "one,A\ntwo,B\none,A\n"
    snapshot, faults = read(tmp_path, text)
    assert not faults
    first, second, third = snapshot.ids
    assert third == f"{first}-2"
    assert len({first, second, third}) == 3
    again, _ = read(tmp_path, "body,label\ntwo,B\none,A\none,B\n")
    assert set(again.ids) == {first, second, third}


def test_keep_when_leaves_rows_out_without_calling_them_faulty(tmp_path: Path) -> None:
    keep = Compare(field=FieldRef(path=("lang",)), op="==", value="en")
    rows = ROWS + "90,kept,A,en\n"
    snapshot, faults = read(tmp_path, rows, id="id", keep=keep)
    assert snapshot.ids == ["90"]
    assert not faults


def test_true_labels_are_read_from_the_source_alone(tmp_path: Path) -> None:
    read(tmp_path, ROWS, id="id")
    context = Context(task(id="id"), tmp_path, tmp_path / "cache")
    assert read_column(context, "label")["7"] == "A"
    with pytest.raises(DataError, match="no column called truth"):
        read_column(context, "truth")


def test_units_keep_equal_items_together(tmp_path: Path) -> None:
    text = "id,body,plant\n1,same,p\n2,same,q\n3,other,\n4,more,p\n5,last,\n"
    snapshot, _ = read(tmp_path, text, id="id")
    units, hashes = snapshot.units(None)
    assert units[0] == units[1]
    assert len(set(units)) == len(hashes) == 4
    snapshot, _ = read(tmp_path, text, id="id", group="plant")
    units, hashes = snapshot.units("plant")
    assert units[0] == units[3]
    assert len(set(units)) == len(hashes)


def test_an_edited_row_keeps_its_id_and_changes_its_content(tmp_path: Path) -> None:
    before, _ = read(tmp_path, ROWS, id="id")
    old = before.content_of(7)
    after, _ = read(tmp_path, ROWS.replace("text 7,", "text seven,"), id="id")
    assert after.id_of(7) == "7"
    assert after.content_of(7) != old
    assert json.dumps(after.content_of(6)) == json.dumps(before.content_of(6))
