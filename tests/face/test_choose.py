"""`choose` names what the next run asks, and changes nothing."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from labelwright import Project
from labelwright.choosing import NextBatch, NextItem
from labelwright.choosing_view import next_items_view
from labelwright.loop.errors import DefinitionChanged, StoreError
from labelwright.loop.store import Store
from labelwright.words import cell_width

from .in_process import command

WORDS = {
    "Red": ("rose", "blood", "brick", "fire", "apple", "wine", "ruby", "poppy"),
    "Blue": ("sea", "sky", "ink", "ice", "sapphire", "plum", "denim", "river"),
}
TASK = """
task small "Small" {}
class Red {}
class Blue {}
data {
  source = csv("items.csv")
  id     = id
  text   = body
}
holdout {
  size        = 20%
  annotations = 8
}
annotators { from = FROM }
budget {
  annotations = 38
  per_round   = 6 items
}
query {
  phase cold until labels >= 6 { strategy = k_means }
  phase main { strategy = mix(margin, random(20%)) }
}
"""
REHEARSAL, PEOPLE = "simulate(column = label)", 'files("answers", format = csv)'


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LABELWRIGHT_CACHE", str(tmp_path / "cache"))
    with (tmp_path / "items.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("id", "body", "label"))
        for i in range(80):
            label = ("Red", "Blue")[i % 2]
            words = [WORDS[label][(i * k) % 8] for k in (1, 3, 5)]
            rows.writerow((f"n{i:03d}", f"{' '.join(words)} {i}", label))
    path = tmp_path / "small.task"
    path.write_text(TASK.replace("FROM", REHEARSAL), encoding="utf-8")
    return path


def asked(task: Path, round_: int) -> list[str]:
    with Store(task.parent / ".labelwright" / "small") as store:
        return [c.item for c in store.choices(round_) if c.purpose == "train"]


def everything(folder: Path) -> dict[str, tuple[str, int]]:
    """Every file's hash and time of change."""
    return {
        str(p.relative_to(folder)): (
            hashlib.sha256(p.read_bytes()).hexdigest(),
            p.stat().st_mtime_ns,
        )
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def shorter(task: Path, annotations: int) -> None:
    text = task.read_text("utf-8")
    before = next(
        line for line in text.splitlines() if "annotations = " in line and "= 8" not in line
    )
    task.write_text(text.replace(before, f"  annotations = {annotations}"), "utf-8")


def names(batch: NextBatch) -> list[str]:
    return [each.item for each in batch.items]


def test_the_first_items_before_there_is_a_campaign(task: Path) -> None:
    before = everything(task.parent)
    batch = Project(task).choose()
    assert (batch.round, batch.phase, len(batch.items), batch.holdout) == (0, "cold", 6, 8)
    assert not (task.parent / ".labelwright").exists()
    assert everything(task.parent) == before  # the cache holds nothing of it afterwards
    Project(task).run()
    assert asked(task, 0) == names(batch)


def test_every_round_asks_what_was_named_before_it(task: Path) -> None:
    for round_ in range(5):
        foretold = Project(task).choose()
        shorter(task, 8 + 6 * (round_ + 1))
        Project(task).run()
        assert foretold.round == round_
        assert asked(task, round_) == names(foretold)
        assert foretold.phase == ("main" if round_ else "cold")
        shorter(task, 38)


def test_how_many_does_not_hang_on_the_budget(task: Path) -> None:
    Project(task).run()
    spent = Project(task).choose()
    assert spent.items == ()
    assert spent.notes[0].startswith("a run would ask nothing more: the budget")
    batch = Project(task).choose(9)
    assert len(set(names(batch)) - {i for r in range(5) for i in asked(task, r)}) == 9
    assert batch.notes[0] == spent.notes[0]


def test_nothing_of_the_campaign_changes(task: Path) -> None:
    Project(task).run()
    folder = task.parent / ".labelwright"
    before = everything(folder)
    Project(task).choose(4)
    assert everything(folder) == before
    assert list((task.parent / "cache").glob("choose-*")) == []


def test_while_people_answer(task: Path) -> None:
    task.write_text(TASK.replace("FROM", PEOPLE), "utf-8")
    (task.parent / "answers").mkdir()
    assert Project(task).run().ending == "waiting"
    batch = Project(task).choose()
    assert batch.round == 1
    assert batch.notes[0].startswith("round 0 is being answered")
    assert not set(names(batch)) & set(asked(task, 0))
    assert len(batch.items) == 6


def test_a_file_that_means_something_else(task: Path) -> None:
    Project(task).run()
    task.write_text(task.read_text("utf-8").replace("class Blue {}", "class Green {}"), "utf-8")
    with pytest.raises(DefinitionChanged):
        Project(task).choose()


def test_a_store_that_is_none(task: Path) -> None:
    folder = task.parent / ".labelwright" / "small"
    folder.mkdir(parents=True)
    (folder / "state.db").write_bytes(b"not a database, but long enough to be taken for one" * 20)
    with pytest.raises(StoreError, match="cannot be read"):
        Project(task).choose()


# --- the command ------------------------------------------------------------------------------


def run(task: Path, *words: str, code: int = 0) -> tuple[str, str]:
    done = command(task.parent, "choose", str(task), *words)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout, done.stderr


def test_the_command(task: Path) -> None:
    told, noise = run(task, "-n", "3")
    assert noise == ""
    assert told.startswith("round 0 · cold: k_means · 3 items of 64 that are open\n")
    assert "8 items of the holdout would be asked beside them" in told
    batch = Project(task).choose(3)
    for each in batch.items:
        assert each.item in told
        assert each.fields[0][1] in told
        assert each.reason in told
    found: dict[str, Any] = json.loads(run(task, "-n", "3", "--json")[0])
    assert [i["item"] for i in found["items"]] == names(batch)
    assert found["items"][0]["fields"] == dict(batch.items[0].fields)
    assert found["choosing"]["pool"] == 64


def test_exit_codes(task: Path) -> None:
    run(task, "-n", "0", code=2)
    assert "error: " in run(task.with_name("none.task"), code=1)[1]
    Project(task).run()
    task.write_text(task.read_text("utf-8").replace("class Blue {}", "class Green {}"), "utf-8")
    assert "changed its meaning" in run(task, code=6)[1]


# --- how it looks -----------------------------------------------------------------------------


def test_a_batch_on_a_terminal() -> None:
    items = (
        NextItem(
            "뉴스-0001", (("제목", "오늘은 비가 많이 온다 " * 9),), 0.98, 1.0, "margin 0.02: a or b"
        ),
        NextItem("x" * 60, (), None, 1.0, "asked again: class Blue was split"),
        NextItem("n3", (("a", "1"), ("b", "\x1b[31mred")), 0.0, 0.0125, "by chance"),
    )
    batch = NextBatch(4, "main", "mix(margin, random(10%))", 1200, items, 0, None, ("one note",))
    view = next_items_view(batch, width=70)
    assert all(cell_width(line) <= 70 for line in view.splitlines())
    assert "\x1b" not in view
    assert "note: one note" in view
    assert "by chance · utility 0 · chance 0.013" in view
    assert "asked again: class Blue was split" in view
    none = NextBatch(4, "main", "margin", 0, (), 0, None, ())
    assert "No item would be asked." in next_items_view(none, width=70)
