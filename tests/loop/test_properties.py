"""Properties of pictures while data are read: which are measured, what is set aside, what wins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labelwright.loop.errors import DataError, PluginError
from labelwright.loop.items import Snapshot, ingest, open_source, visible_columns
from labelwright.loop.plugins import Installed
from labelwright.loop.ports import Context, Fault
from labelwright.loop.rules.firing import firing
from tests.loop.rules.tasks import task_of


def read(
    root: Path, data: str, rules: str, *, plugins: Installed | None = None
) -> tuple[Snapshot, list[Fault], Context]:
    context = Context(
        task_of(data=data, rules=rules), root, root / "cache", plugins=plugins or Installed()
    )
    inputs, faults = ingest(context, open_source(context), root / "items.arrow")
    return Snapshot.open(root / "items.arrow", inputs), faults, context


def fires(snapshot: Snapshot, context: Context, name: str) -> list[bool]:
    found: list[bool] = firing(context.task, snapshot.table)[name].tolist()
    return found


def paint(root: Path, name: str, value: int, size: tuple[int, int] = (6, 4)) -> None:
    path = root / name
    path.parent.mkdir(exist_ok=True, parents=True)
    Image.new("L", size, value).save(path)


DARK = "dark: vote D when brightness < 0.12\nflat: veto when sharpness < 35"


def test_only_the_properties_that_conditions_name_are_measured(tmp_path: Path) -> None:
    paint(tmp_path, "photos/a.png", 10)
    paint(tmp_path, "photos/b.png", 200)
    snapshot, faults, context = read(tmp_path, 'source = images("photos/")', DARK)
    assert not faults
    assert snapshot.table.column_names[3:] == ["path", "brightness", "sharpness"]
    assert snapshot.table["brightness"].to_pylist() == [10 / 255, 200 / 255]
    assert str(snapshot.table.schema.field("sharpness").type) == "double"
    assert fires(snapshot, context, "dark") == [True, False]
    assert fires(snapshot, context, "flat") == [True, True]
    assert "brightness" in visible_columns(context.task, snapshot.inputs)


def test_a_column_of_the_data_wins(tmp_path: Path) -> None:
    paint(tmp_path, "photos/a.png", 10, (6, 4))
    snapshot, _, context = read(
        tmp_path, 'source = images("photos/")', "big: vote D when width > 5 and height < 5"
    )
    assert str(snapshot.table.schema.field("width").type) == "int32"  # the source's own
    assert fires(snapshot, context, "big") == [True]
    (tmp_path / "items.csv").write_text("id,photo,brightness\n1,photos/a.png,0.9\n")
    data = 'source = csv("items.csv")\n id = id\n image = photo'
    snapshot, _, context = read(tmp_path, data, "dark: vote D when brightness < 0.12")
    assert fires(snapshot, context, "dark") == [False]


def test_pictures_of_archives_and_bundled_ones_have_properties_too(tmp_path: Path) -> None:
    pixels = np.stack([np.full((4, 4, 3), v, np.uint8) for v in (0, 255)])
    np.savez(tmp_path / "f.npz", photo=pixels)
    snapshot, _, context = read(tmp_path, 'source = npz("f.npz")', DARK)
    assert fires(snapshot, context, "dark") == [True, False]
    rule = "dark: vote D when brightness < 0.2 and width == 8"
    snapshot, faults, context = read(tmp_path, "source = bundled(digits)", rule)
    assert (len(snapshot), faults) == (1797, [])
    assert 0 < sum(fires(snapshot, context, "dark")) < 400


def csv_of(root: Path, rows: int) -> str:
    for i in range(rows):
        paint(root, f"p{i}.png", i)
    (root / "items.csv").write_text("id,photo\n" + "".join(f"{i},p{i}.png\n" for i in range(rows)))
    return 'source = csv("items.csv")\n id = id\n image = photo'


def test_a_picture_that_cannot_be_read_is_set_aside_and_named(tmp_path: Path) -> None:
    data = csv_of(tmp_path, 40)
    (tmp_path / "p7.png").write_bytes(b"no picture")
    snapshot, faults, _ = read(tmp_path, data, "dark: vote D when brightness < 0.05")
    assert len(snapshot) == 39
    assert "7" not in snapshot.ids
    assert [(f.file, f.reason) for f in faults] == [("csv", "unexpected format")]
    assert faults[0].detail.startswith("p7.png: ")


def test_too_many_unreadable_pictures_stop_the_run(tmp_path: Path) -> None:
    data = csv_of(tmp_path, 10)
    for i in range(3):
        (tmp_path / f"p{i}.png").unlink()
    with pytest.raises(DataError, match="3 of 10 rows cannot be used"):
        read(tmp_path, data, "dark: vote D when brightness < 0.05")


def test_an_item_without_a_picture_has_no_property(tmp_path: Path) -> None:
    paint(tmp_path, "a.png", 0)
    (tmp_path / "items.csv").write_text("id,photo,body\n1,a.png,x\n2,,y\n")
    data = 'source = csv("items.csv")\n id = id\n image = photo\n text = body'
    rules = "a: vote D when brightness < 0.5\nb: vote D when not brightness < 0.5\n"
    snapshot, faults, context = read(tmp_path, data, rules + "c: veto when brightness is missing")
    assert not faults
    assert fires(snapshot, context, "a") == [True, False]
    assert fires(snapshot, context, "b") == [False, False]
    assert fires(snapshot, context, "c") == [False, True]


def test_of_several_pictures_a_property_says_which(tmp_path: Path) -> None:
    paint(tmp_path, "a.png", 0)
    paint(tmp_path, "b.png", 255)
    (tmp_path / "items.csv").write_text("id,front,back\n1,a.png,b.png\n2,b.png,a.png\n")
    data = 'source = csv("items.csv")\n id = id\n image = [front, back]'
    snapshot, _, context = read(tmp_path, data, "a: vote D when back.brightness > 0.5")
    assert fires(snapshot, context, "a") == [True, False]
    with pytest.raises(DataError, match="brightness of which picture") as caught:
        read(tmp_path, data, "a: vote D when brightness > 0.5")
    assert "front.brightness" in caught.value.remedy


def test_keep_may_name_a_property_and_else_comes_first(tmp_path: Path) -> None:
    data = csv_of(tmp_path, 30)
    snapshot, _, _ = read(tmp_path, data + "\n keep when brightness > 0.1", "")
    assert snapshot.ids == [str(i) for i in range(26, 30)]
    (tmp_path / "p7.png").unlink()
    kept = data + '\n keep when id != "7"'
    snapshot, faults, _ = read(tmp_path, kept, "dark: vote D when brightness < 0.05")
    assert (len(snapshot), faults) == (29, [])


def test_a_name_that_is_neither_column_nor_property_is_told_both(tmp_path: Path) -> None:
    data = csv_of(tmp_path, 1)
    with pytest.raises(DataError, match="no column called brightnes") as caught:
        read(tmp_path, data, "a: vote D when brightnes < 1")
    assert "pictures have brightness" in caught.value.remedy
    (tmp_path / "items.csv").write_text("id,body\n1,x\n")
    with pytest.raises(DataError, match="no column called brightness"):
        read(tmp_path, 'source = csv("items.csv")\n text = body', "a: vote D when brightness < 1")


def test_a_property_that_breaks_names_itself(tmp_path: Path) -> None:
    class Broken(Installed):
        def load(self, kind: str, name: str) -> object:  # type: ignore[override]
            return (lambda picture: 1 / 0) if kind == "property" else super().load(kind, name)

    with pytest.raises(PluginError, match=r"property brightness failed on p0\.png: ZeroDivision"):
        read(tmp_path, csv_of(tmp_path, 1), "a: vote D when brightness < 1", plugins=Broken())


def test_rules_may_not_read_the_answers_of_simulated_people(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("id,body,label\n1,x,D\n")
    task = task_of(
        rules='cheat: vote D when label == "D"',
        more="annotators { from = simulate(column = label) }",
    )
    context = Context(task, tmp_path, tmp_path / "cache")
    with pytest.raises(DataError, match="label holds the answers"):
        ingest(context, open_source(context), tmp_path / "items.arrow")
