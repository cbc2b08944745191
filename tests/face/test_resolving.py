"""`labelwright resolve`: files in and out, what is set aside, what is refused, and what texts add."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from labelwright.cli.resolve import resolve as command
from labelwright.loop.errors import LabelwrightError

WORDS = {"sport": ["match", "team", "goal", "cup"], "money": ["bank", "market", "price", "tax"]}


def _run(*args: object) -> tuple[int, str, str]:
    import typer

    app = typer.Typer()
    app.command()(command)
    result = CliRunner().invoke(app, [str(a) for a in args])
    if isinstance(result.exception, LabelwrightError):
        return result.exception.exit_code, str(result.exception.message), result.exception.remedy
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def _crowd(n: int = 40, seed: int = 0) -> list[dict[str, str]]:
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        true = ("money", "sport")[i % 2]
        text = " ".join(rng.choice(WORDS[true], 6))
        for j, right in enumerate((0.9, 0.8, 0.7)):
            said = true if rng.random() < right else ("money", "sport")[(i + 1) % 2]
            rows.append({"id": f"i{i:02}", "annotator": f"p{j}", "label": said, "text": text})
    return rows


def _csv(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_csv_and_parquet_give_the_same_labels(tmp_path: Path) -> None:
    rows = _crowd()
    one = _csv(tmp_path / "a.csv", rows)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    assert _run(one, "--out", tmp_path / "one.csv")[0] == 0
    assert _run(tmp_path / "a.parquet", "--out", tmp_path / "two.parquet")[0] == 0
    with (tmp_path / "one.csv").open(encoding="utf-8") as file:
        first = list(csv.DictReader(file))
    second = pq.read_table(tmp_path / "two.parquet").to_pylist()
    assert [r["id"] for r in first] == sorted({r["id"] for r in rows})
    assert [(r["id"], r["label"]) for r in first] == [(r["id"], r["label"]) for r in second]
    assert set(second[0]) == {
        "id", "label", "probability", "agreement", "annotators", "needs_adjudication"
    }  # fmt: skip
    assert all(r["annotators"] == 3 and 1 / 3 <= r["agreement"] <= 1 for r in second)
    assert all((r["probability"] < 2 / 3) == r["needs_adjudication"] for r in second)


@pytest.mark.parametrize("method", ["majority", "dawid_skene", "glad", "mace", "crowdlab"])
def test_every_method_tells_of_the_people(tmp_path: Path, method: str) -> None:
    path = _csv(tmp_path / "a.csv", _crowd())
    code, out, _ = _run(path, "--method", method, "--json")
    assert code == 0
    told = json.loads(out)
    assert told["method"] == method
    assert len(told["labels"]) == told["items"] == 40
    assert [p["annotator"] for p in told["annotators"]] == ["p0", "p1", "p2"]
    best = told["annotators"][0]["with_others"]
    assert best["low"] < best["estimate"] < best["high"]


def test_the_annotator_table_is_that_of_the_scores(tmp_path: Path) -> None:
    from labelwright.loop.people.scores import annotator_scores
    from labelwright.resolving import Columns, read
    from labelwright.resolving_view import annotators

    rows = _crowd(30, 3)
    mine = annotators(read(_csv(tmp_path / "a.csv", rows), Columns()))
    theirs = annotator_scores([(r["id"], r["annotator"], r["label"]) for r in rows])
    for a, b in zip(mine, theirs, strict=True):
        assert a.model_dump(exclude={"mistaken"}) == b.model_dump(exclude={"mistaken"})
        assert a.mistaken[:1] == b.mistaken[:1] or a.mistaken[0].answers == b.mistaken[0].answers


def test_texts_help_and_are_read_from_the_file_or_another(tmp_path: Path) -> None:
    rows = _crowd(60)
    path = _csv(tmp_path / "a.csv", rows)
    alone, helped = (
        json.loads(_run(path, "--json", *more)[1]) for more in ((), ("--text", "text"))
    )
    assert alone["model_weight"] == 0
    assert helped["model_weight"] > 0

    def right(told: dict) -> float:  # type: ignore[type-arg]
        return float(np.mean([
            r["label"] == ("money", "sport")[int(r["id"][1:]) % 2] for r in told["labels"]
        ]))  # fmt: skip

    assert right(helped) > right(alone)
    items = _csv(tmp_path / "items.csv", [{"id": r["id"], "body": r["text"]} for r in rows[::3]])
    other = json.loads(_run(path, "--json", "--text", "body", "--items", items)[1])
    assert other["labels"] == helped["labels"]


def test_a_later_answer_replaces_and_incomplete_rows_are_set_aside(tmp_path: Path) -> None:
    rows = _crowd()
    again = [{**rows[0], "label": "sport"}, {**rows[0], "label": "money"}]
    lacking = [{**rows[0], "label": " "}, {**rows[1], "annotator": ""}]
    code, out, err = _run(_csv(tmp_path / "a.csv", [*rows, *again, *lacking]), "--json")
    assert code == 0
    assert json.loads(out)["replaced"] == 2
    assert "first in row 123" in err
    assert "2 answers left out" in err


def test_other_names_of_columns_and_a_semicolon(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("item;who;said\n1;x;a\n1;y;a\n2;x;b\n", encoding="utf-8-sig")
    code, out, _ = _run(
        path, "--id", "item", "--annotator", "who", "--label", "said", "--delimiter", ";", "--json"
    )
    assert code == 0
    assert [(r["id"], r["label"]) for r in json.loads(out)["labels"]] == [("1", "a"), ("2", "b")]


def test_cells_that_are_formulas_are_quoted(tmp_path: Path) -> None:
    path = _csv(tmp_path / "a.csv", [{"id": "=1+1", "annotator": "x", "label": "@a"}])
    assert _run(path, "--out", tmp_path / "o.csv")[0] == 0
    with (tmp_path / "o.csv").open(encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    assert (row["id"], row["label"]) == ("'=1+1", "'@a")


def test_what_is_wrong_is_said_with_file_row_and_column(tmp_path: Path) -> None:
    rows = _crowd()
    path = _csv(tmp_path / "a.csv", rows)
    code, message, remedy = _run(tmp_path / "none.csv")
    assert (code, "is no file" in message) == (1, True)
    code, message, remedy = _run(path, "--label", "labels")
    assert (code, "no column labels" in message, "--label label" in remedy) == (1, True, True)
    broken = tmp_path / "b.csv"
    broken.write_text("id,annotator,label\n1,x\n", encoding="utf-8")
    code, message, remedy = _run(broken)
    assert (code, "b.csv" in message, bool(remedy)) == (1, True, True)
    code, message, _ = _run(_csv(tmp_path / "c.csv", [*rows[:9], {**rows[0], "label": ""}]))
    assert (code, "c.csv, row 10" in message, "column label" in message) == (1, True, True)
    code, message, _ = _run(_csv(tmp_path / "d.csv", rows), "--text", "text", "--items",
                            _csv(tmp_path / "i.csv", rows[:9]))  # fmt: skip
    assert (code, "have no text" in message) == (1, True)
    (tmp_path / "bad.csv").write_bytes(b"id,annotator,label\n1,x,\xff\xfe\n")
    assert _run(tmp_path / "bad.csv")[0] == 1
    assert _run(path, "--method", "magic")[0] == 2
    assert _run(path, "--out", tmp_path / "o.txt")[0] == 1
    assert not (tmp_path / "o.txt").exists()


def test_without_a_second_answer_each_label_is_what_was_said(tmp_path: Path) -> None:
    rows = [r for r in _crowd() if r["annotator"] == "p2"]
    code, out, _ = _run(_csv(tmp_path / "a.csv", rows), "--text", "text")
    assert code == 0
    assert "each label is what the one person said" in out
    told = json.loads(_run(tmp_path / "a.csv", "--text", "text", "--json")[1])
    assert [r["label"] for r in told["labels"]] == [r["label"] for r in rows]
