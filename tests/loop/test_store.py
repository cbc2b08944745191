"""The store: transactions, fencing, the append-only log, files that must match their hash."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.loop.errors import StoreError
from labelwright.loop.ports import Fault
from labelwright.loop.store import Choice, Event, Store

DEFINITION = "d1"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "state")
    made.record_definition(DEFINITION, 0, "task …", "{}")
    return made


def event(reference: str = "r1", labels: tuple[str, ...] = ("A",), **changes: object) -> Event:
    plain = Event(
        "answer", reference, "item 1", "00", "kim", "person", "train", 0, labels, False, 2.5,
        DEFINITION,
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


def told(store: Store) -> list[tuple[str, tuple[str, ...]]]:
    return [(e.event, e.labels) for e in store.events()]


def test_the_same_answer_is_told_once_and_a_changed_one_is_an_edit(store: Store) -> None:
    assert store.add_events([event()]) == 1
    assert store.add_events([event()]) == 0
    watermark = store.last_event()
    assert store.add_events([event(labels=("B",))]) == 1
    assert told(store) == [("edit", ("B",))]
    assert [e.labels for e in store.events(watermark)] == [("A",)]


def test_a_deletion_takes_the_answer_out_of_force_but_not_out_of_the_log(store: Store) -> None:
    store.add_events([event()])
    store.add_events([event(event="delete", labels=())])
    assert told(store) == []
    assert store.last_event() == 2
    store.add_events([event(labels=("A",))])
    assert told(store) == [("answer", ("A",))]


def test_the_log_is_append_only(store: Store) -> None:
    store.add_events([event()])
    connection = sqlite3.connect(store.folder / "state.db")
    for statement in ("UPDATE annotation_event SET labels = '[]'", "DELETE FROM annotation_event"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("AB")), max_size=12))
@settings(max_examples=25)
def test_the_chain_of_hashes_holds_and_shows_tampering(
    tmp_path_factory: pytest.TempPathFactory, answers: list[tuple[str, str]]
) -> None:
    with Store(tmp_path_factory.mktemp("state")) as store:
        store.record_definition(DEFINITION, 0, "", "{}")
        for reference, label in answers:
            store.add_events([event(reference, (label,))])
        assert store.broken_link() is None
        if not answers:
            return
        connection = sqlite3.connect(store.folder / "state.db")
        connection.execute("DROP TRIGGER annotation_event_no_update")
        connection.execute("UPDATE annotation_event SET annotator = 'lee' WHERE seq = 1")
        connection.commit()
        connection.close()
        assert store.broken_link() == 1


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.writing():
        store.add_events([event()])
        store.record_step(0, "collect", {"a": 1}, 0.1)
        _ = 1 // 0
    assert store.last_event() == 0
    assert store.outcome(0, "collect") is None


def test_a_superseded_run_cannot_write(store: Store) -> None:
    store.supersede()
    with Store(store.folder) as second:
        second.supersede()
        with pytest.raises(StoreError, match="another run took over"):
            store.add_events([event()])
        second.add_events([event()])
    assert store.last_event() == 1


def test_a_file_that_does_not_match_its_hash_is_not_used(store: Store) -> None:
    path = store.write_file("big/model.bin", lambda p: p.write_bytes(b"learned"))
    assert store.file("big/model.bin") == path
    assert not list(path.parent.glob("*.tmp"))
    path.write_bytes(b"damaged")
    assert store.file("big/model.bin") is None
    assert store.broken_files() == ["big/model.bin"]
    path.unlink()
    assert store.file("big/model.bin") is None
    assert store.file("never written") is None


def test_a_database_from_the_future_is_refused(store: Store) -> None:
    connection = sqlite3.connect(store.folder / "state.db")
    connection.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
        "VALUES ('labelwright', 'from_the_future', '2030')"
    )
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="newer labelwright"):
        Store(store.folder)


def test_choices_steps_and_set_aside_rows_come_back(store: Store) -> None:
    choice = Choice(0, 0, "item 1", "00", "train", 2, 0.5, 1.0, "margin 0.02: A or B")
    store.add_choices([choice, replace(choice, rank=1, utility=None)])
    assert store.choices(0)[0] == choice
    assert store.choices()[1].utility is None
    store.record_step(0, "choose", {"asked": 2, "이름": "값"}, 0.5)
    assert store.outcome(0, "choose") == {"asked": 2, "이름": "값"}
    with pytest.raises(sqlite3.IntegrityError):
        store.record_step(0, "choose", {}, 0.1)
    for _ in range(2):
        store.add_set_aside("s", [Fault("a.csv", 3, "missing id"), Fault("a.csv", 9, "missing id")])
    assert store.set_aside("s") == {"missing id": 2}
    assert store.set_aside_rows("s")[1].row == 9


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match="file"):
        Store(tmp_path / "file" / "state")


def test_views_show_the_annotations_in_force_to_plain_sqlite(store: Store) -> None:
    store.add_events([event(), event("r2"), event("r2", ("B",))])
    connection = sqlite3.connect(store.folder / "state.db")
    rows = connection.execute("SELECT reference, labels FROM annotation ORDER BY 1").fetchall()
    connection.close()
    assert rows == [("r1", '["A"]'), ("r2", '["B"]')]
