from __future__ import annotations

import csv
import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.exporting import (
    PROVENANCE,
    ExportError,
    LabelledRow,
    curve_json,
    export_dataset,
    format_of,
    replacing,
    status_json,
)

from .campaigns import digits, empty, korean, steady


def row(item: str = "a", **fields: Any) -> LabelledRow:
    return LabelledRow(
        item=item,
        label="good",
        probability=0.75,
        source="people",
        annotators=("김서연", "annotator 2"),
        annotations=2,
        round=3,
        definition="3f9a",
        split="pool",
        fields=fields,
    )


def read_csv(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_curve_says_what_it_promises() -> None:
    found = curve_json(steady().campaign)
    assert list(found) == ["rounds", "forecast"]
    first = found["rounds"][0]
    assert list(first)[:6] == [
        "round",
        "annotations",
        "holdout_annotations",
        "labels",
        "accuracy",
        "true_accuracy",
    ]
    assert first["annotations"] == 100
    assert first["holdout_annotations"] == 300
    assert {name: first["accuracy"][name] for name in ("estimate", "low", "high")} == {
        "estimate": 0.61,
        "low": 0.52,
        "high": 0.70,
    }
    assert first["true_accuracy"] == 0.63


def test_curve_does_not_know_how_long_it_took() -> None:
    campaign = digits().campaign
    slower = tuple(r.model_copy(update={"seconds": r.seconds * 9}) for r in campaign.rounds)
    again = campaign.model_copy(update={"rounds": slower})
    assert json.dumps(curve_json(campaign)) == json.dumps(curve_json(again))


@pytest.mark.parametrize("case", [digits, korean, empty, steady])
def test_json_can_be_read_by_anything(case: Any) -> None:
    made = case()
    for value in (curve_json(made.campaign), status_json(made.task, made.campaign)):
        assert json.loads(json.dumps(value, allow_nan=False)) == value


def test_status_of_nothing_is_null_not_zero() -> None:
    case = empty()
    found = status_json(case.task, case.campaign)
    assert found["accuracy"] is None
    assert found["round"] is None
    assert found["outcome"] == "NOT YET KNOWN"
    assert [c["estimate"] for c in found["criteria"]] == [None, None]


def test_parquet_keeps_types(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    picture = {"data": b"\x00\xff", "height": 1, "width": 2, "channels": 1}
    export_dataset([row(text="=1+1", n=-5, picture=picture), row("b")], path, "parquet")
    table = pq.read_table(path)
    assert tuple(table.column_names) == (*PROVENANCE, "text", "n", "picture")
    first, second = table.to_pylist()
    assert first["annotators"] == ["김서연", "annotator 2"]
    assert first["text"] == "=1+1"
    assert first["picture"] == picture
    assert second["n"] is None


def test_jsonl_is_one_object_a_line(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    export_dataset([row(text="줄\n바꿈", day=date(2026, 9, 1), raw=b"ab")], path, "jsonl")
    (line,) = path.read_text(encoding="utf-8").splitlines()
    record = json.loads(line)
    assert record["text"] == "줄\n바꿈"
    assert record["day"] == "2026-09-01"
    assert record["raw"] == "YWI="
    assert record["annotators"] == ["김서연", "annotator 2"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(tmp_path: Path, start: str) -> None:
    path = tmp_path / "d.csv"
    evil = start + "HYPERLINK(1)"
    bad = LabelledRow(evil, evil, None, "people", (evil,), 1, None, evil, "pool", {evil: evil})
    export_dataset([bad], path, "csv")
    (found,) = read_csv(path)
    assert found["item"] == found["label"] == found["annotators"] == "'" + evil
    assert found["'" + evil] == "'" + evil


def test_numbers_stay_numbers_in_csv(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    export_dataset([row(n=-5, share=-0.5, tags=["a", "나"])], path, "csv")
    (found,) = read_csv(path)
    assert found["n"] == "-5"
    assert found["share"] == "-0.5"
    assert json.loads(found["tags"]) == ["a", "나"]
    assert found["annotators"] == "김서연; annotator 2"


@settings(max_examples=40)
@given(st.lists(st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"))))
def test_csv_gives_back_every_text(texts: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "d.csv"
        export_dataset([row(str(n), text=t) for n, t in enumerate(texts)], path, "csv")
        found = [r["text"] for r in read_csv(path)] if texts else []
    quoted = tuple("=+-@\t\r")
    assert found == ["'" + t if t.startswith(quoted) else t for t in texts]


def test_a_field_never_hides_where_a_label_comes_from(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    export_dataset([row(label="truth", item_label="other", text="x")], path, "jsonl")
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["label"] == "good"
    assert record["item_label"] == "other"
    assert record["item_item_label"] == "truth"


def test_nothing_to_export_is_a_file_with_its_columns(tmp_path: Path) -> None:
    export_dataset([], tmp_path / "d.csv", "csv")
    assert (tmp_path / "d.csv").read_text() == ",".join(PROVENANCE) + "\n"  # newlines translated
    export_dataset([], tmp_path / "d.parquet", "parquet")
    assert pq.read_table(tmp_path / "d.parquet").num_rows == 0


def test_a_failed_export_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text("old")
    with pytest.raises(ExportError, match="has no form as text"):
        export_dataset([row(x="ok"), row(x=object())], path, "jsonl")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["d.jsonl"]


def test_the_file_is_on_disk_before_it_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    real_sync, real_replace = os.fsync, os.replace

    def fsync(descriptor: int) -> None:
        steps.append("fsync")
        real_sync(descriptor)

    def replace(source: Path, target: Path) -> None:
        steps.append("replace")
        real_replace(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    with replacing(tmp_path / "r.html") as file:
        file.write(b"x")
    assert steps == ["fsync", "replace", "fsync"]


def test_what_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="cannot be written: No such file") as caught:
        export_dataset([row()], tmp_path / "missing" / "d.csv", "csv")
    assert caught.value.remedy


def test_formats_are_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError) as caught:
        export_dataset([row()], tmp_path / "d.xlsx", "xlsx")
    assert "parquet, jsonl, csv" in caught.value.remedy
    assert format_of(Path("a/B.CSV")) == "csv"
    with pytest.raises(ExportError):
        format_of(Path("labels"))


def test_mixed_values_are_refused_in_parquet_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="field x mixes") as caught:
        export_dataset([row(x="a"), row(x=[1])], tmp_path / "d.parquet", "parquet")
    assert "jsonl" in caught.value.remedy
    assert os.listdir(tmp_path) == []
