"""Batches as files: what goes out, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labelwright.connectors.annotate.files import NOBODY, files
from labelwright.dsl.task import Class
from labelwright.loop.errors import ConnectorError, DataError
from labelwright.loop.outbox import Outbox
from labelwright.loop.ports import AnnotatorSource, Request, Suggestion
from labelwright.loop.store import Store

from .exchanged import BODIES, CLASSES, REQUESTS, Folder

# --- out --------------------------------------------------------------------------------------


def test_a_batch_is_a_file_to_fill_in(folder: Folder) -> None:
    rows = folder.rows(f"t-0.{folder.source.format}")
    assert [r["item"] for r in rows] == ["i0", "i1", "i2", "i3"]
    assert {tuple(r) for r in rows} == {("lw_uid", "item", "body", "label", "annotator", "note")}
    assert all(not r["label"] and not r["annotator"] for r in rows)
    bodies = [r["body"] for r in rows]
    assert bodies[0] == BODIES[0]
    assert bodies[2] == BODIES[2]
    guarded = folder.source.format == "csv"
    assert bodies[1] == ("'" if guarded else "") + BODIES[1]
    assert bodies[3] == ("'" if guarded else "") + BODIES[3]
    assert [s.state for s in folder.source.outbox.sent("t-0")] == ["sent"] * 4
    assert {p.name for p in folder.path.iterdir()} == {f"t-0.{folder.source.format}"}
    assert folder.read() == []


def test_sending_again_changes_nothing_that_somebody_wrote(folder: Folder) -> None:
    name = f"t-0.{folder.source.format}"
    folder.fill({0: "스포츠"})
    before = (folder.path / name).read_bytes()
    folder.send()
    assert (folder.path / name).read_bytes() == before
    (folder.path / name).unlink()
    folder.send()
    assert len(folder.rows(name)) == 4


def test_what_measures_does_not_stand_at_the_end(
    make_folder: Callable[..., Folder], make_items: Callable[..., Any]
) -> None:
    made = make_folder()
    made.items = make_items(body=[f"text {n}" for n in range(40)])
    made.send([Request(f"i{n}", 1, "train" if n < 30 else "holdout") for n in range(40)])
    order = [int(r["item"][1:]) for r in made.rows()]
    assert [n for n in order if n < 30] == list(range(30))
    assert {n for n in order[30:] if n < 30}


def test_hints_and_columns_of_our_names(
    make_folder: Callable[..., Folder], make_items: Callable[..., Any], make_task: Any
) -> None:
    made = make_folder()
    task = make_task(CLASSES, text=("label",), show=("note", "item_note"))
    made.source.context = replace(made.source.context, task=task)
    made.items = make_items(label=["x"], note=["n"], item_note=["m"])
    suggestion = Suggestion(("Sport",), 0.9, "round 1")
    made.send([Request("i0", 1, "train", suggestion, ("look twice", "rule: 스포츠?"))])
    (row,) = made.rows()
    assert row["item_label"] == "x"
    assert {k: v for k, v in row.items() if v in ("n", "m")} == {
        "item_item_note": "n",
        "item_note": "m",
    }
    assert row["hints"] == "look twice\nrule: 스포츠?"
    assert row["label"] is None


def test_pictures_of_pixels_become_files(
    make_folder: Callable[..., Folder], make_task: Any, make_items: Any
) -> None:
    import numpy as np
    from PIL import Image

    from labelwright.connectors.pictures import picture_column

    made = make_folder("csv")
    task = make_task(CLASSES, image=("scan",))
    made.source.context = replace(made.source.context, task=task)
    pixels = np.arange(2 * 8 * 8, dtype=np.uint8).reshape(2, 8, 8)
    made.items = make_items(scan=picture_column(pixels))
    made.send(REQUESTS[:2])
    rows = made.rows("t-0.csv")
    assert [r["scan"] for r in rows] == ["t-0.pictures/0001.png", "t-0.pictures/0002.png"]
    with Image.open(made.path / rows[1]["scan"]) as image:
        assert (np.asarray(image) == pixels[1]).all()


@pytest.mark.parametrize("path", ["../elsewhere", "/etc", "~/x"])
def test_folders_outside_the_data_root_are_refused(
    path: str, make_context: Any, store: Store
) -> None:
    with pytest.raises(DataError, match="data root"):
        files(path, context=make_context(), outbox=Outbox(store))


def test_a_folder_behind_a_link_is_refused(make_context: Any, store: Store, tmp_path: Path) -> None:
    context = make_context()
    (tmp_path / "other").mkdir()
    (context.data_root / "link").symlink_to(tmp_path / "other")
    for path in ("link", "link/new"):
        with pytest.raises(DataError, match="leads out"):
            files(path, context=context, outbox=Outbox(store))
    assert not list((tmp_path / "other").iterdir())


def test_an_unknown_format_is_refused(make_context: Any, store: Store) -> None:
    with pytest.raises(ConnectorError, match="xlsx"):
        files("exchange", "xlsx", context=make_context(), outbox=Outbox(store))


def test_it_is_a_plug_in(make_context: Any, store: Store) -> None:
    from labelwright.dsl.task import Argument, Call

    context = make_context()
    call = Call(name="files", args=(Argument(value="exchange"),))
    source: AnnotatorSource = context.plugins.invoke(
        "annotate", call, context=context, outbox=Outbox(store)
    )
    assert not source.rehearsal
    assert [p.name for p in context.plugins.find("annotate", "files").parameters] == [
        "folder",
        "format",
    ]


# --- in ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "labels"),
    [
        ("Sport", ("Sport",)),
        ("스포츠 ", ("Sport",)),
        ("SPORTS", ("Sport",)),
        ("1", ("Sport",)),
        ("선거", ("Politics.Election",)),
        ("Politics.Election", ("Politics.Election",)),
        ("law; and order", ("Politics.Law",)),
        ("skip", "skipped"),
        ("Skip", "skipped"),
    ],
)
def test_an_answer_is_told_by_what_its_class_is_called(
    folder: Folder, cell: str, labels: Any
) -> None:
    folder.fill({0: cell}, annotator="kim")
    assert folder.given() == {("i0", "kim"): labels}
    assert folder.source.troubles == ()
    assert folder.read() == folder.read()


def test_several_people_one_file_each_or_a_column(folder: Folder) -> None:
    ending = folder.source.format
    folder.fill({0: "스포츠", 2: "선거"}, f"t-0.kim.{ending}")
    folder.fill({0: "선거"}, f"t-0.이 영희.{ending}")
    folder.fill({1: "선거"}, f"t-0.park.{ending}", annotator="최")
    folder.fill({3: "sports"})
    assert folder.given() == {
        ("i0", "kim"): ("Sport",),
        ("i0", "이 영희"): ("Politics.Election",),
        ("i1", "최"): ("Politics.Election",),
        ("i2", "kim"): ("Politics.Election",),
        ("i3", NOBODY): ("Sport",),
    }
    assert folder.source.troubles == ()
    references = {a.reference for a in folder.read()}
    uid = folder.source.outbox.sent("t-0")[0].uid
    assert f"files/{uid}/kim" in references


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("Spotr", "“Spotr” is no class"),
        ("Politics", "정치 is divided further"),
        ("Sport; 선거", "names 스포츠 and 선거"),
    ],
)
def test_a_bad_cell_is_named_and_the_others_count(folder: Folder, cell: str, told: str) -> None:
    folder.fill({0: "스포츠", 1: cell, 2: "선거"})
    assert folder.given() == {("i0", NOBODY): ("Sport",), ("i2", NOBODY): ("Politics.Election",)}
    (trouble,) = folder.source.troubles
    assert trouble.startswith(f"t-0.{folder.source.format}, row 2, column label: ")
    assert told in trouble


def test_edits_are_noticed(folder: Folder) -> None:
    folder.fill({0: "스포츠", 1: "선거", 2: "선거"})
    first = {a.item: a.reference for a in folder.read()}
    folder.fill({0: "선거", 1: "", 2: "skip"})
    assert folder.given() == {
        ("i0", NOBODY): ("Politics.Election",),
        ("i1", NOBODY): "withdrawn",
        ("i2", NOBODY): "skipped",
    }
    folder.fill({1: "sports"})
    assert folder.given()["i1", NOBODY] == ("Sport",)
    assert {a.item: a.reference for a in folder.read()} == first
    folder.fill({1: "nonsense"})
    assert folder.given()["i1", NOBODY] == ("Sport",)
    assert "the answer told before stays" in folder.source.troubles[0]


def test_rows_and_files_that_are_gone_change_nothing(folder: Folder) -> None:
    name = f"t-0.{folder.source.format}"
    folder.fill({0: "스포츠", 1: "선거", 2: "skip"})
    before = folder.given()
    folder.write(folder.rows(name)[1:], name)
    assert folder.given() == before
    assert folder.source.troubles == (
        f"{name}: an answer told before stands in no row now; it is kept",
    )
    (folder.path / name).unlink()
    assert folder.given() == before
    assert folder.source.troubles == (
        f"{name}: 3 answers told before stand in no row now; they are kept",
    )


def test_a_row_that_gets_a_name_is_one_answer(folder: Folder) -> None:
    folder.fill({0: "스포츠"})
    assert folder.given() == {("i0", NOBODY): ("Sport",)}
    folder.fill({0: "스포츠"}, annotator="kim")
    assert folder.given() == {("i0", NOBODY): "withdrawn", ("i0", "kim"): ("Sport",)}
    assert folder.source.troubles == ()


def test_two_people_in_one_file_and_one_row_deleted(folder: Folder) -> None:
    name = f"t-0.{folder.source.format}"
    rows = folder.rows(name)
    kim, lee = rows[0] | {"label": "선거", "annotator": "kim"}, rows[0] | {"label": "sports"}
    folder.write([kim, lee | {"annotator": "lee"}, *rows[1:]], name)
    both = {("i0", "kim"): ("Politics.Election",), ("i0", "lee"): ("Sport",)}
    assert folder.given() == both
    folder.write([kim, *rows[1:]], name)
    assert folder.given() == both
    folder.write([kim, lee | {"annotator": "park"}, *rows[1:]], name)
    assert folder.given() == both | {("i0", "lee"): "withdrawn", ("i0", "park"): ("Sport",)}


def test_two_answers_by_one_person_count_neither(folder: Folder) -> None:
    ending = folder.source.format
    folder.fill({0: "스포츠"}, f"t-0.kim.{ending}")
    folder.fill({0: "선거"}, annotator="kim")
    assert folder.given() == {}
    assert "kim answers this item otherwise" in folder.source.troubles[0]
    folder.fill({0: "sport"}, annotator="kim")
    assert folder.given() == {}
    folder.fill({0: "스포츠"}, annotator="kim")
    assert folder.given() == {("i0", "kim"): ("Sport",)}


def test_what_a_cell_said_is_not_read_again_by_new_classes(folder: Folder) -> None:
    folder.fill({0: "스포츠", 1: "선거"})
    folder.read()
    renamed = (Class(id="Other", title="스포츠"), Class(id="Vote", title="Vote"))
    task = folder.source.context.task.model_copy(update={"classes": renamed})
    folder.source.context = replace(folder.source.context, task=task)
    folder.fill({2: "스포츠"})
    assert folder.given() == {
        ("i0", NOBODY): ("Sport",),
        ("i1", NOBODY): ("Politics.Election",),
        ("i2", NOBODY): ("Other",),
    }
    assert folder.source.troubles == ()


def test_rows_that_were_mixed_up_are_not_believed(folder: Folder) -> None:
    name = f"t-0.{folder.source.format}"
    rows = folder.rows(name)
    rows[0]["lw_uid"], rows[1]["lw_uid"] = rows[1]["lw_uid"], rows[0]["lw_uid"]
    rows[2]["item"] = "2"  # as a spreadsheet mangles it
    rows[3]["lw_uid"] = ""
    folder.write([r | {"label": "sports"} for r in rows], name)
    assert folder.given() == {("i2", NOBODY): ("Sport",), ("i3", NOBODY): ("Sport",)}
    assert [t[: len(name) + 7] for t in folder.source.troubles] == [
        f"{name}, row 1",
        f"{name}, row 2",
    ]


def test_files_under_other_names_are_named(folder: Folder) -> None:
    ending = folder.source.format
    folder.fill({0: "sports"}, f"t-0 (1).{ending}")
    (folder.path / "t-0.xlsx").write_bytes(b"PK")
    (folder.path / f"t-01.{ending}").write_bytes(b"not ours")
    (folder.path / f".~lock.t-0.{ending}#").write_bytes(b"")
    assert folder.given() == {}
    assert [t.partition(" is not read")[0] for t in folder.source.troubles] == [
        f"t-0 (1).{ending}",
        "t-0.xlsx",
    ]


def test_a_file_behind_a_link_is_not_read(folder: Folder, tmp_path: Path) -> None:
    ending = folder.source.format
    folder.fill({0: "sports"})
    (folder.path / f"t-0.{ending}").rename(tmp_path / f"out.{ending}")
    (folder.path / f"t-0.kim.{ending}").symlink_to(tmp_path / f"out.{ending}")
    assert folder.given() == {}
    assert "leads out of the data root" in folder.source.troubles[0]


# --- what one person alone is asked ---------------------------------------------------------------


def test_what_only_one_person_is_asked_lies_in_a_file_that_bears_their_name(
    make_folder: Callable[..., Folder],
) -> None:
    made = make_folder("csv")
    asked = [*REQUESTS[:3], Request("i3", 1, "adjudicate", only_by=("ed@news",))]
    made.send(asked)
    assert {r["item"] for r in made.rows("t-0.csv")} == {"i0", "i1", "i2"}
    own = "t-0.ed_news.csv"
    (row,) = made.rows(own)
    assert (row["item"], row["annotator"]) == ("i3", "ed@news")
    made.write([{**row, "label": "Sport"}], own)
    made.write([{**row, "label": "Law; and order", "annotator": "kim"}], "t-0.kim.csv")
    found = {(a.item, a.annotator): a.labels for a in made.read(requests=asked)}
    assert found == {("i3", "ed@news"): ("Sport",)}
    assert made.source.told() == ("t-0.kim.csv, row 1: only ed@news is asked about it",)
