"""What a model that left its campaign reads: files of other columns, orders and types."""

from __future__ import annotations

from pathlib import Path

import pytest

from labelwright.loop.errors import DataError, LabelwrightError
from labelwright.model.predictor import Predictor
from labelwright.model.reading import Reading, Wanted

from .leaving import table
from .predicting import predict


def rows_of(left: Path, path: Path, wanted: Wanted | None = None) -> list[tuple[str, str]]:
    predictor = Predictor.load(left / "model")
    reading = Reading(path, predictor.manifest, predictor.task, wanted)
    found = [each for batch in predictor.batches(reading.items()) for each in batch]
    return [(each.item, str(each.label)) for each in found]


def test_columns_of_other_names_and_rows_without_ids(left: Path, tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text('text;n\na rose;1\n"broken;2\nthe sky;3\n', encoding="utf-8")
    wanted = Wanted(columns={"body": "text"}, delimiter=";")
    assert rows_of(left, path, wanted) == [("1", "Red"), ("3", "Blue")]
    wanted = Wanted(id="n", columns={"body": "text"}, delimiter=";")
    assert rows_of(left, path, wanted) == [("1", "Red"), ("3", "Blue")]
    with pytest.raises(DataError, match="has no column body, which the model reads") as raised:
        rows_of(left, path, Wanted(delimiter=";"))
    assert "--column body=COLUMN" in raised.value.remedy
    with pytest.raises(DataError, match="has no column txet"):
        rows_of(left, path, Wanted(columns={"body": "txet"}, delimiter=";"))


def test_texts_that_look_like_numbers_stay_texts(left: Path, tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text("id,body\n007,12\n008,13\n", encoding="utf-8")
    assert [item for item, _ in rows_of(left, path)] == ["007", "008"]


def test_a_table_reads_what_a_csv_makes_of_its_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELWRIGHT_CACHE", str(tmp_path / "cache"))
    predictor = Predictor.load(table(tmp_path).export_model())
    path = tmp_path / "new.csv"

    def labels(text: str) -> list[float]:
        path.write_text(text, encoding="utf-8")
        reading = Reading(path, predictor.manifest, predictor.task)
        found = [each for batch in predictor.batches(reading.items()) for each in batch]
        return [each.probabilities[0] for each in found]

    full = labels("size,weight,shape,code\n90,2.5,round,01\n")
    assert labels("size,weight,shape,code\n90.0,2.5,round,01\n") == full
    assert labels("code,shape,weight,size\n01,round,2.5,90\n") == full
    empty = labels("size,weight,shape,code\n90,,,\n")
    assert empty == labels('size,weight,shape,code\n90,"","",""\n')
    with pytest.raises(DataError, match="item 2: size is 'big', and the model reads int64"):
        labels("size,weight,shape,code\n9,1,round,1\nbig,1,round,1\n")


def test_files_that_cannot_be_read(left: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no"):
        rows_of(left, tmp_path / "none.csv")
    odd = tmp_path / "odd.xlsx"
    odd.write_text("x")
    with pytest.raises(DataError, match="its ending says no form") as raised:
        rows_of(left, odd)
    assert "labelwright predict FOLDER - < odd.xlsx" in raised.value.remedy
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_text("x")
    with pytest.raises(DataError, match="is read as pictures, and the model reads the column body"):
        rows_of(left, tmp_path / "folder")


def test_an_encoding_that_was_not_said_is_asked_for(left: Path, tmp_path: Path) -> None:
    path = tmp_path / "korean.csv"
    path.write_bytes("body\n장미\n하늘\n".encode("cp949"))
    done = predict(left / "model", path)
    assert done.exit_code == 1, "nothing was predicted"
    assert "2 rows could not be read" in done.stderr
    assert "--encoding, such as cp949" in done.stderr
    done = predict(left / "model", path, "--encoding", "cp949")
    assert (done.exit_code, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 3
    path.write_bytes("body\n장미\n".encode("utf-8-sig") + b"\xc0\xe5\n")
    done = predict(left / "model", path)
    assert done.exit_code == 0, "one was"
    assert "--encoding" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "xls"], "predictions are not written as xls"),
        (["-o", "found.xls"], "its ending names no form"),
        (["--format", "parquet"], "parquet is nothing to print"),
        (["--column", "bdy=text"], "the model reads no column bdy"),
        (["--column", "body"], "write NAME=COLUMN"),
    ],
)
def test_what_is_refused(left: Path, words: list[str], said: str) -> None:
    done = predict(left / "model", left / "items.csv", *words)
    assert done.exit_code != 0
    message = str(done.exception) if isinstance(done.exception, LabelwrightError) else done.output
    assert said in " ".join(message.split())
