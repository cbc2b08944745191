"""`check --data`: what is gathered from data and store, and what is said of it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright import Project
from labelwright.definition import reading_of
from labelwright.leaks import NEAR, leaking_contents, leaking_texts
from labelwright.loop.alike import runs
from labelwright.loop.errors import DataError, StoreError
from labelwright.loop.ports import Context
from labelwright.surroundings import Looked, applied, look

from .in_process import command

HEAD = """task news "News" { guide = "Which?" }
class Sports { describe = "Matches and athletes." }
class Money { describe = "Markets and companies." }
class Fraud { describe = "Scams and swindles." }
"""
DATA = 'data {\n  source = csv("items.csv")\n  id     = id\n  text   = body\n}\n'
SIMULATED = "annotators { from = simulate(column = topic) }\n"
SMALL = "holdout { annotations = 40 }\nbudget { annotations = 100 }\n"
TOPICS = ("Sports", "Money")


def bodies(count: int) -> list[str]:
    """Texts that are unlike each other, every other one with a goal in it."""
    rng = random.Random(5)
    return [
        f"{'goal' if n % 2 == 0 else 'share'} "
        + " ".join("".join(rng.choices("abcdefghij", k=7)) for _ in range(8))
        for n in range(count)
    ]


def write(folder: Path, text: str, rows: list[tuple[str, ...]] | None = None) -> Path:
    """A task file beside its data; without `rows`, 200 items in which two topics alternate."""
    rows = rows or [(body, TOPICS[n % 2]) for n, body in enumerate(bodies(200))]
    names = ["id", "body", "topic", "section"][: len(rows[0]) + 1]
    lines = [",".join((str(n), *row)) for n, row in enumerate(rows)]
    (folder / "items.csv").write_text("\n".join([",".join(names), *lines]) + "\n", encoding="utf-8")
    (folder / "news.task").write_text(text, encoding="utf-8")
    return folder / "news.task"


def looked(path: Path) -> Looked:
    reading = reading_of(path)
    assert reading.task is not None, reading.errors
    context = Context(task=reading.task, data_root=path.parent, cache=path.parent / "cache")
    return look(reading, context, path.parent / ".labelwright" / reading.task.name)


def codes(found: Looked) -> list[str]:
    return [d.code for d in found.reading.diagnostics]


# --- what is gathered ---------------------------------------------------------------------------


def test_columns_items_and_rules(tmp_path: Path) -> None:
    rules = (
        "rules {\n  goal:  vote Sports when body matches /goal/\n"
        '  late:  vote Money when body contains "goal"\n  never: vote Fraud when section == "x"\n'
        "  first: veto when id < 20\n}\n"
    )
    rows = [(body, TOPICS[n % 2], "desk") for n, body in enumerate(bodies(200))]
    found = looked(write(tmp_path, HEAD + DATA + rules + SIMULATED + SMALL, rows))
    beside = found.beside
    assert [(c.name, c.type) for c in beside.columns][:3] == [
        ("id", "text"), ("body", "text"), ("topic", "text")
    ]  # fmt: skip
    assert (beside.items, beside.holdout) == (200, 40)
    assert dict(beside.fires) == {"goal": 100, "late": 100, "never": 0, "first": 20}
    assert beside.clashes == (("goal", "late", 90),)  # ten of them are vetoed
    assert beside.per_class == {}  # what the simulated annotators know is not for us
    assert codes(found) == ["L403", "L401"]


def test_rules_that_keep_leaves_nothing_to(tmp_path: Path) -> None:
    data = DATA.replace("body\n}", 'body\n  keep when body contains "goal"\n}')
    rules = "rules {\n  goal: vote Sports when body matches /goal/\n}\n"
    found = looked(write(tmp_path, HEAD + data + rules + SIMULATED + SMALL))
    assert found.beside.items == 100
    assert codes(found) == ["L402"]


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    text = HEAD + DATA.replace("body", "boddy") + SIMULATED + SMALL
    found = looked(write(tmp_path, text + 'slice late when sectoin == "x"\n'))
    assert codes(found) == ["E240", "E240"]
    assert found.beside.items is None  # nothing was read beyond the columns
    assert found.reading.task is None


def test_rare_classes_come_from_existing_labels_alone(tmp_path: Path) -> None:
    rows = [(body, TOPICS[n % 2] if n % 100 else "fraud") for n, body in enumerate(bodies(400))]
    existing = "existing_labels { label = topic\n trust = verified }\n"
    ask = "accept { recall of Fraud >= 80% with 95% confidence }\n"
    task = HEAD + DATA + "holdout { annotations = 50 }\nbudget { annotations = 200 }\n" + ask
    found = looked(write(tmp_path, task + existing, rows))
    assert dict(found.beside.per_class) == {"Fraud": 4, "Sports": 196, "Money": 200}
    assert found.beside.labelled == 400
    assert codes(found) == ["L404"]
    assert codes(looked(write(tmp_path, task, rows))) == []


def test_existing_labels_of_another_source(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("item,desk\n1,Money\n3,Money\n999,Sports\n4,\n", "utf-8")
    existing = 'existing_labels { source = csv("old.csv", key = item, label = desk) }\n'
    found = looked(write(tmp_path, HEAD + DATA + existing + SMALL))
    assert dict(found.beside.per_class) == {"Money": 2}  # 999 is no item, 4 has no label
    assert codes(found) == []


def test_an_existing_label_that_is_no_class(tmp_path: Path) -> None:
    rows = [(body, "Weather") for body in bodies(30)]
    path = write(tmp_path, HEAD + DATA + "existing_labels { label = topic }\n" + SMALL, rows)
    with pytest.raises(DataError, match=r"topic holds values that are no class: Weather \(30\)"):
        looked(path)


def test_near_duplicates_across_the_holdout(tmp_path: Path) -> None:
    rows = [(f"{body} no {copy}", "Money") for body in bodies(60) for copy in range(3)]
    found = looked(write(tmp_path, HEAD + DATA + SIMULATED + SMALL, rows))
    assert (found.beside.items, found.beside.holdout) == (180, 36)
    assert (found.beside.leaks or 0) > 25
    assert codes(found) == ["L405"]
    kept = DATA.replace("text   = body", "text   = body\n  dedupe = near(0.8)")
    assert codes(looked(write(tmp_path, HEAD + kept + SIMULATED + SMALL, rows))) == []


def test_what_was_applied(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + DATA + SIMULATED + SMALL)
    assert looked(path).beside.applied is None
    assert not (tmp_path / ".labelwright").exists()
    Project(path).run()
    store = tmp_path / ".labelwright" / "news" / "state.db"
    before = store.read_bytes()
    path.write_text(
        path.read_text("utf-8").replace('swindles."', 'swindles."\n  was = Crime'), "utf-8"
    )
    found = looked(path)
    assert found.beside.applied == {"Sports", "Money", "Fraud"}
    assert codes(found) == ["L207"]
    assert store.read_bytes() == before


def test_a_store_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"not a database, but long enough to be taken for one" * 20)
    with pytest.raises(StoreError, match="cannot be read"):
        applied(tmp_path)


# --- the command --------------------------------------------------------------------------------


def test_the_command_reads_the_data_only_when_asked(tmp_path: Path) -> None:
    rules = "rules {\n  never: vote Fraud when body matches /zzz/\n}\n"
    write(tmp_path, HEAD + DATA + rules + SIMULATED + SMALL)
    plain = command(tmp_path, "check", "news.task")
    assert (plain.returncode, plain.stderr) == (0, "")
    assert "check news.task --data" in plain.stdout
    done = command(tmp_path, "check", "news.task", "--data")
    assert done.returncode == 0
    assert "warning[L401]: rule never never fires" in done.stderr
    assert "no error, 1 to look at" in done.stdout
    assert "200 items, 40 in the holdout, 0 of 1 rules fire" in done.stdout
    told = json.loads(command(tmp_path, "check", "news.task", "--data", "--json").stdout)
    assert told["ok"] is True
    assert [d["code"] for d in told["diagnostics"]] == ["L401"]
    assert told["data"]["fires"] == {"never": 0}


def test_data_that_are_not_there(tmp_path: Path) -> None:
    write(tmp_path, HEAD + DATA + SIMULATED + SMALL)
    (tmp_path / "items.csv").unlink()
    assert command(tmp_path, "check", "news.task").returncode == 0
    done = command(tmp_path, "check", "news.task", "--data")
    assert done.returncode == 1
    assert "there is no items.csv under" in done.stderr
    assert "--data-root" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_data_lie_elsewhere(tmp_path: Path) -> None:
    write(tmp_path, HEAD + DATA + SIMULATED + SMALL)
    (tmp_path / "far").mkdir()
    (tmp_path / "items.csv").rename(tmp_path / "far" / "items.csv")
    done = command(tmp_path, "check", "news.task", "--data", "--data-root", "far")
    assert (done.returncode, done.stderr) == (0, "")
    assert "200 items" in done.stdout
    wrong = command(tmp_path, "check", "news.task", "--data-root", "far")
    assert wrong.returncode == 2
    assert "--data" in wrong.stderr


def test_a_file_with_errors_is_mended_first(tmp_path: Path) -> None:
    write(tmp_path, HEAD + DATA + SIMULATED + "budget { annotations = many }\n")
    done = command(tmp_path, "check", "news.task", "--data")
    assert done.returncode == 1
    assert "E215" in done.stderr
    assert "mend the file first" in done.stdout


def test_a_missing_column_has_a_caret(tmp_path: Path) -> None:
    write(tmp_path, HEAD + DATA.replace("body", "bodi") + SIMULATED + SMALL)
    done = command(tmp_path, "check", "news.task", "--data")
    assert done.returncode == 1
    assert "error[E240]: the data have no column bodi" in done.stderr
    assert "did you mean `body`?" in done.stderr


# --- near duplicates ----------------------------------------------------------------------------

WORDS = st.lists(st.sampled_from(["주가", "환율", "alpha", "beta", "gamma", ""]), max_size=8)
TEXTS = st.lists(WORDS.map(" ".join) | st.none(), min_size=1, max_size=14)


@settings(max_examples=80)
@given(TEXTS, st.randoms(use_true_random=False))
def test_leaks_are_those_of_comparing_all(texts: list[str | None], rng: random.Random) -> None:
    """None is counted that is not near; all that are clearly nearer than the limit are found."""
    held = np.flatnonzero([rng.random() < 0.5 for _ in texts])
    pool = np.setdiff1d(np.arange(len(texts)), held)
    cut = [runs(" ".join((text or "").split())) for text in texts]

    def near(limit: float) -> int:
        return sum(
            any(len(cut[a] & cut[b]) >= limit * len(cut[a] | cut[b]) for b in pool if cut[b])
            for a in held
            if cut[a]
        )

    found = leaking_texts(pa.chunked_array([pa.array(texts, pa.string())]), held, pool)
    assert near(0.97) <= found <= near(NEAR)


def test_signatures_find_nearly_all_near_duplicates() -> None:
    """2,000 texts with one word changed: of those at 0.8 or above, at most one in fifty is missed."""
    rng = random.Random(11)
    old, new = [], []
    for body in (f"{body} {body[:40]}x" for body in bodies(2_000)):
        words = body.split()
        words[rng.randrange(len(words))] = "zz"
        old.append(body)
        new.append(" ".join(words))
    near = sum(
        len(runs(a) & runs(b)) >= NEAR * len(runs(a) | runs(b))
        for a, b in zip(old, new, strict=True)
    )
    texts = pa.chunked_array([pa.array(old + new)])
    found = leaking_texts(texts, np.arange(2_000), np.arange(2_000, 4_000))
    assert near > 500
    assert 0.98 * near <= found <= near


def test_case_and_white_space_make_no_difference() -> None:
    texts = pa.chunked_array([pa.array(["Goal in\n the  END", "goal in the end", "", ""])])
    assert leaking_texts(texts, np.array([0, 2]), np.array([1, 3])) == 1


def test_contents_are_compared_as_a_whole() -> None:
    contents = np.arange(64, dtype=np.uint8).reshape(4, 16)
    contents[3] = contents[0]
    assert leaking_contents(contents, np.array([0, 1]), np.array([2, 3])) == 1
