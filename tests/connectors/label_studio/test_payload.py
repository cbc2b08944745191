from __future__ import annotations

import datetime
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from labelwright.connectors.label_studio.page import Page
from labelwright.connectors.label_studio.payload import (
    Card,
    as_shown,
    columns,
    kinds,
    picture,
    pictures,
    prediction,
    task_data,
)
from labelwright.connectors.pictures import PictureError, picture_column
from labelwright.dsl.compile.fields import shown
from labelwright.dsl.task import Call, Data, Task
from labelwright.loop.errors import DataError
from labelwright.loop.items import Inputs
from labelwright.loop.ports import Suggestion
from tests.dsl.conftest import _make_task


def task_of(**data: Any) -> Task:
    return _make_task(data=Data(source=Call(name="csv"), **data))


CARD = Card("uid-1", "batch-1", "다시 보세요.", ("One.", "Two."))


def test_all_parts_under_their_keys(make_items) -> None:
    parts = shown(
        task_of(text=("title", "본문"), image=("photo",), columns=("age",), show=("seen", "title"))
    )
    items = make_items(
        title=["a", None],
        본문=["줄\r\n줄", "x\0y"],
        photo=["p/1.jpg", None],
        age=[3.0, float("nan")],
        seen=pa.array([datetime.datetime(2026, 9, 1, 8), None]),
        label=["secret", "secret"],
    )
    assert columns(parts) == ("title", "본문", "photo", "age", "seen")
    first, second = task_data(
        parts, items, [CARD, Card("uid-2", "batch-1")], {("i0", "photo"): "/data/1.jpg"}
    )
    assert first == {
        "title": "a",
        "field_2": "줄 \n줄",
        "photo": "/data/1.jpg",
        "columns": [{"c000": "age", "c001": "3"}],
        "shown_beside": [{"c000": "seen", "c001": "2026-09-01 08:00:00"}],
        "lw_uid": "uid-1",
        "lw_batch": "batch-1",
        "lw_note": "다시 보세요.",
        "lw_hint": "One.\nTwo.",
    }
    assert second == {
        "title": "",
        "field_2": "x\ufffdy",
        "photo": "",
        "columns": [{"c000": "age", "c001": "—"}],
        "shown_beside": [{"c000": "seen", "c001": "—"}],
        "lw_uid": "uid-2",
        "lw_batch": "batch-1",
        "lw_note": "",
        "lw_hint": "",
    }


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (pa.array([True, None]), ["true", "—"]),
        (pa.array([0.1], pa.float32()), ["0.1"]),
        (pa.array([2**60]), ["1152921504606846976"]),  # a browser would round the number
        (pa.array(["a", ""]).dictionary_encode(), ["a", "—"]),
        (pa.array([[1, 2], None]), ["[1, 2]", "—"]),
        (pa.array([{"a": "가", "b": b"x"}]), ['{"a": "가", "b": "…"}']),
        (pa.array([b"\xff"]), ['"…"']),
        (pa.array([None]), ["—"]),
        (pa.array([datetime.date(2026, 9, 1)]), ["2026-09-01"]),
    ],
)
def test_cells_as_people_read_them(make_items, values: pa.Array, said: list[str]) -> None:
    items = make_items(v=values)
    cards = [CARD] * len(items)
    data = task_data(shown(task_of(columns=("v",))), items, cards)
    assert [d["columns"] for d in data] == [[{"c000": "v", "c001": each}] for each in said]


def test_a_table_keeps_its_order_and_goes_on_beside_itself(make_items: Any) -> None:
    names = [f"z{n}" for n in range(23, 0, -1)]
    items = make_items(**{name: [f"value of {name}"] for name in names})
    (data,) = task_data(shown(task_of(columns=tuple(names))), items, [CARD])
    rows = [list(row.values()) for row in data["columns"]]
    assert [len(row) for row in rows] == [6, 6, 6] + [4] * 7
    read = [(row[k], row[k + 1]) for k in (0, 2, 4) for row in rows if k < len(row)]
    assert read == [(name, f"value of {name}") for name in names]
    assert all(list(row) == sorted(row) for row in data["columns"])
    json.dumps(data)


@given(st.text())
def test_texts_keep_their_length(text: str) -> None:
    assert len(as_shown(text)) == len(text)


def test_kinds_of_a_source_that_knows_its_own() -> None:
    found = kinds(Inputs(None, ("t",), ("p",), ("a", "b")))
    assert found == {"t": "text", "p": "image", "a": "column", "b": "column"}


# --- pictures ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "type_"),
    [
        ("a.jpg", "image/jpeg"),
        ("a.png", "image/png"),
        ("a.gif", "image/gif"),
        ("a.webp", "image/webp"),
    ],
)
def test_what_browsers_show_stays_as_it_is(tmp_path: Path, file: str, type_: str) -> None:
    Image.new("RGB", (3, 2), "red").save(tmp_path / file)
    Image.new("RGB", (3, 2), "red").save(tmp_path / f"copy-{file}")
    found = picture(file, tmp_path)
    assert found.content == (tmp_path / file).read_bytes()
    assert (found.type, Path(found.name).suffix) == (type_, Path(file).suffix)
    assert picture(f"copy-{file}", tmp_path) == found  # its name is its content's


def test_the_content_says_what_a_file_is(tmp_path: Path) -> None:
    Image.new("RGB", (3, 2)).save(tmp_path / "a.html", "JPEG")
    assert Path(picture("a.html", tmp_path).name).suffix == ".jpg"
    (tmp_path / "b.jpg").write_text("<svg onload='alert(1)'/>", encoding="utf-8")
    with pytest.raises(PictureError, match=r"b\.jpg"):
        picture("b.jpg", tmp_path)
    with pytest.raises(DataError):
        picture("../c.jpg", tmp_path)


@pytest.mark.parametrize("file", ["a.bmp", "a.tiff"])
def test_what_browsers_do_not_show_becomes_png(tmp_path: Path, file: str) -> None:
    Image.new("RGB", (30, 20), "red").save(tmp_path / file)
    found = picture(file, tmp_path)
    assert found.type == "image/png"
    assert Image.open(io.BytesIO(found.content)).size == (30, 20)


@pytest.mark.parametrize(("side", "seen"), [(8, 256), (28, 252), (200, 200), (300, 300)])
def test_raw_pixels_are_enlarged_until_people_see_them(
    tmp_path: Path, side: int, seen: int
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (1, side, side), dtype=np.uint8)
    found = picture(picture_column(pixels)[0].as_py(), tmp_path)
    image = Image.open(io.BytesIO(found.content))
    assert image.size == (seen, seen)
    times = seen // side
    assert (np.asarray(image)[::times, ::times] == pixels[0]).all()


def test_every_picture_of_the_page(make_items, tmp_path: Path) -> None:
    Image.new("RGB", (3, 2)).save(tmp_path / "1.png")
    items = make_items(scan=["1.png", None], photo=[None, "1.png"], note=["a", "b"])
    parts = shown(task_of(text=("note",), image=("scan", "photo")))
    found = list(pictures(parts, items, tmp_path))
    assert [(item, column) for item, column, _ in found] == [("i0", "scan"), ("i1", "photo")]
    assert found[0][2] == found[1][2]


def test_a_suggestion_as_a_prediction() -> None:
    page = Page.of(_make_task("정치", "경제"))
    found = prediction(page, Suggestion(("C2",), 0.75, "round 3"))
    assert (found["model_version"], found["score"]) == ("round 3", 0.75)
    (part,) = found["result"]
    assert part["value"] == {"choices": ["C2"]}
    assert part["origin"] == "prediction"
