"""How fast rules run: 20 rules on 100,000 texts, against the same rules as Python functions and in pandas.

The texts are made up from a seed, English with a fifth of Korean, about 40 words each; the rules are of
every kind that a task file knows. Peers, measured in the same run on one core:

- row by row: one Python function a rule, patterns compiled once, as labelling functions are usually
  written; on a sample, its time scaled to all rows;
- pandas: the same rules by hand on whole columns, if pandas is installed; a column is lowered once and
  kept, as ours is.

All three must fire on the same rows, or the bench fails. CPU seconds, the best of some runs.

    python bench/rules.py [--rows 100000] [--runs 3] [--json]
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
import unicodedata
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import read
from labelwright.loop.plugins import Installed
from labelwright.loop.rules.firing import firing

SAMPLE = 5_000
_ENGLISH = (
    "the a of to in and market shares fell rose on Monday after minister said Kim won match 2-1 goal "
    "election poll bank rate oil price team coach film star court trial fraud scam Ponzi phishing "
    "company Intel bought sold profit loss quarter growth 3.5% budget bill vote party new"
)
_KOREAN = (
    "코스피 환율 상승 하락 경제 정치 선거 국회 여야 금리 은행 경기 감독 우승 사기 보이스피싱 재판 "
    "기업 인수 실적 증가 감소 정부 예산 오늘 내일 발표 결과"
)
ENGLISH, KOREAN = _ENGLISH.split(), _KOREAN.split()
SECTIONS = ["Politics", "finance", "SPORTS", "Courts", None]
TASK = r"""task bench
class Politics
class Economy
class Sports
class Fraud
class Unclear { role = unusable }
data { source = csv("x.csv")
 text = body }
rules {
  r01: vote Economy when body contains any ["market", "shares", "코스피", "환율", "금리"]
  r02: vote Sports when body contains any ["goal", "coach", "감독", "우승"]
  r03: vote Fraud when body contains any ["phishing", "PONZI", "보이스피싱"] weight 2
  r04: vote Politics when body contains any ["election", "선거", "국회", "여야"]
  r05: vote Economy when body contains all ["profit", "quarter"]
  r06: vote Politics when body contains "minister said"
  r07: vote Sports when body matches /\b\d{1,2}\s*[-:]\s*\d{1,2}\b/
  r08: vote Economy when body matches /\d+(\.\d+)?%/
  r09: vote Fraud when body matches /(scam|fraud)\s+\w+/i
  r10: vote Politics when body matches /(여야|국회).*(예산|선거)/
  r11: vote Economy when body matches /Intel (bought|sold)/
  r12: vote Sports when section == "sports"
  r13: vote against Sports when section in ["politics", "courts"]
  r14: vote against Fraud when section is missing
  r15: veto when words(body) < 20
  r16: vote Economy when score >= 7.5 and not section == "finance"
  r17: vote Politics when score < 2 or votes > 900
  r18: vote Unclear when length(body) > 260
  r19: vote Economy when section == "finance" and (body contains "bank" or body contains "은행")
  r20: vote Fraud when not body contains "court" and votes in [13, 113, 213] and score is not missing
}
"""

Row = dict[str, Any]


def made_up(rows: int, seed: int = 0) -> pa.Table:
    """The table of a seed."""
    rng = random.Random(seed)
    bodies = []
    for _ in range(rows):
        words = KOREAN if rng.random() < 0.2 else ENGLISH
        bodies.append(" ".join(rng.choices(words, k=rng.randint(10, 70))))
    return pa.table(
        {
            "body": bodies,
            "section": [rng.choice(SECTIONS) for _ in range(rows)],
            "score": [None if rng.random() < 0.1 else rng.random() * 10 for _ in range(rows)],
            "votes": [rng.randrange(1000) for _ in range(rows)],
        }
    )


def fold(text: str) -> str:
    """As the language folds."""
    folded = unicodedata.normalize("NFC", text).casefold()
    return unicodedata.normalize("NFC", folded)


# --- row by row -------------------------------------------------------------------------------


def any_of(*needles: str) -> Callable[[Row], bool]:
    folded = [fold(n) for n in needles]

    def fires(row: Row) -> bool:
        text = fold(row["body"])
        return any(n in text for n in folded)

    return fires


def matching(pattern: str, flags: int = 0) -> Callable[[Row], bool]:
    search = re.compile(pattern, flags | re.ASCII).search
    return lambda row: search(row["body"]) is not None


def is_(row: Row, *names: str) -> bool:
    return row["section"] is not None and fold(row["section"]) in names


BY_ROW: list[Callable[[Row], bool]] = [
    any_of("market", "shares", "코스피", "환율", "금리"),
    any_of("goal", "coach", "감독", "우승"),
    any_of("phishing", "PONZI", "보이스피싱"),
    any_of("election", "선거", "국회", "여야"),
    lambda row: "profit" in fold(row["body"]) and "quarter" in fold(row["body"]),
    any_of("minister said"),
    matching(r"\b\d{1,2}\s*[-:]\s*\d{1,2}\b"),
    matching(r"\d+(\.\d+)?%"),
    matching(r"(scam|fraud)\s+\w+", re.I),
    matching(r"(여야|국회).*(예산|선거)"),
    matching(r"Intel (bought|sold)"),
    lambda row: is_(row, "sports"),
    lambda row: is_(row, "politics", "courts"),
    lambda row: row["section"] is None,
    lambda row: len(row["body"].split()) < 20,
    lambda row: row["score"] is not None and row["score"] >= 7.5
    and row["section"] is not None and not is_(row, "finance"),
    lambda row: (row["score"] is not None and row["score"] < 2) or row["votes"] > 900,
    lambda row: len(row["body"]) > 260,
    lambda row: is_(row, "finance") and ("bank" in fold(row["body"]) or "은행" in fold(row["body"])),
    lambda row: "court" not in fold(row["body"]) and row["votes"] in (13, 113, 213)
    and row["score"] is not None,
]  # fmt: skip


def by_row(table: pa.Table) -> list[np.ndarray]:
    """Every rule on every row, in plain Python."""
    rows = table.to_pylist()
    return [np.array([rule(row) for row in rows], dtype=bool) for rule in BY_ROW]


# --- pandas -----------------------------------------------------------------------------------


def in_pandas(frame: Any) -> list[np.ndarray]:
    """The same, on the columns of a data frame."""
    body, section, score, votes = (frame[name] for name in ("body", "section", "score", "votes"))
    low, where = body.str.normalize("NFC").str.casefold(), section.str.casefold()

    def has(*needles: str) -> Any:
        return low.str.contains("|".join(map(re.escape, map(fold, needles))), regex=True)

    finance = where == "finance"
    found = [
        has("market", "shares", "코스피", "환율", "금리"),
        has("goal", "coach", "감독", "우승"),
        has("phishing", "PONZI", "보이스피싱"),
        has("election", "선거", "국회", "여야"),
        has("profit") & has("quarter"),
        has("minister said"),
        body.str.contains(r"\b\d{1,2}\s*[-:]\s*\d{1,2}\b", flags=re.ASCII),
        body.str.contains(r"\d+(?:\.\d+)?%", flags=re.ASCII),
        body.str.contains(r"(?:scam|fraud)\s+\w+", flags=re.I | re.ASCII),
        body.str.contains(r"(?:여야|국회).*(?:예산|선거)"),
        body.str.contains(r"Intel (?:bought|sold)"),
        where == "sports",
        where.isin(["politics", "courts"]),
        section.isna(),
        body.str.split().str.len() < 20,
        (score >= 7.5) & section.notna() & ~finance,
        (score < 2) | (votes > 900),
        body.str.len() > 260,
        finance & (has("bank") | has("은행")),
        ~has("court") & votes.isin([13, 113, 213]) & score.notna(),
    ]
    return [column.fillna(False).to_numpy(dtype=bool) for column in found]


# --- measuring --------------------------------------------------------------------------------


def best(runs: int, work: Callable[[], Any]) -> tuple[float, Any]:
    """The least CPU seconds, and what came out."""
    least, result = float("inf"), None
    for _ in range(runs):
        began = time.process_time()
        result = work()
        least = min(least, time.process_time() - began)
    return least, result


def same(name: str, ours: dict[str, np.ndarray], theirs: list[np.ndarray], rows: int) -> None:
    """Stop where a peer fires elsewhere."""
    for (rule, found), other in zip(ours.items(), theirs, strict=True):
        if found[:rows].tolist() != other.tolist():
            raise SystemExit(f"{name} and ours differ on {rule}")


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    pa.set_cpu_count(1)
    task = read(SourceText("bench.task", TASK), Installed()).task
    assert task is not None
    table = made_up(options.rows)
    taken: dict[str, float] = {}
    taken["ours"], ours = best(options.runs, lambda: firing(task, table))
    sample = table.slice(0, SAMPLE)
    seconds, theirs = best(options.runs, lambda: by_row(sample))
    same("row by row", ours, theirs, sample.num_rows)
    taken["row by row"] = seconds * table.num_rows / sample.num_rows
    try:
        import pandas
    except ImportError:
        print("pandas is not installed: not compared", file=sys.stderr)
    else:
        frame = table.to_pandas()
        taken[f"pandas {pandas.__version__}"], theirs = best(options.runs, lambda: in_pandas(frame))
        same("pandas", ours, theirs, table.num_rows)
    ratios = {name: value / taken["ours"] for name, value in taken.items()}
    if options.json:
        print(json.dumps({"rows": options.rows, "seconds": taken, "ratios": ratios}))
        return 0
    print(f"{len(ours)} rules on {table.num_rows:,} texts, CPU seconds on one core")
    for name, value in taken.items():
        print(f"{name:<14} {value:8.2f} s   {ratios[name]:6.1f} times ours")
    return 0


if __name__ == "__main__":
    sys.exit(main())
