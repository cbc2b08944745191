"""A pool of a million rows is read in small batches: memory does not grow with it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROWS = 1_000_000

_CHILD = """
import sys
from pathlib import Path
from types import SimpleNamespace as Some
import pyarrow, pyarrow.parquet, pyarrow.compute
from labelwright.connectors.read.{kind} import {kind}
context = Some(data_root=Path(sys.argv[1]), task=Some(data=Some(id="id", text=("text",))))
def peak():  # not ru_maxrss, which a child inherits
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(x for x in lines if x.startswith("VmHWM")).split()[1]) // 1024
source, faults, rows, characters = {kind}("f.{kind}", context=context), [], 0, 0
before = peak()
for batch in source.batches(["id", "text"], faults.append):
    rows += batch.num_rows
    characters += pyarrow.compute.sum(pyarrow.compute.utf8_length(batch["text"])).as_py()
print(rows, len(faults), characters, peak() - before)
"""


def batches() -> Iterator[pa.RecordBatch]:
    for start in range(0, ROWS, 50_000):
        ids = range(start, start + 50_000)
        texts = [f'row {i}, "quoted" 환율 ' + "abcdefghij" * 15 for i in ids]
        yield pa.record_batch({"id": [str(i) for i in ids], "text": texts, "n": list(ids)})


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory use from /proc")
@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_a_million_rows(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"f.{kind}"
    characters = sum(len(f'row {i}, "quoted" 환율 ') + 150 for i in range(ROWS))
    if kind == "parquet":
        schema = next(batches()).schema
        with pq.ParquetWriter(path, schema) as writer:  # one row group, the hardest case
            writer.write_table(pa.Table.from_batches(batches()), row_group_size=ROWS)
    else:
        import csv
        import json

        with path.open("w", newline="", encoding="utf-8") as file:
            rows = (row for batch in batches() for row in batch.to_pylist())
            if kind == "csv":
                writer_ = csv.writer(file)
                writer_.writerow(["id", "text", "n"])
                writer_.writerows(row.values() for row in rows)
            else:
                file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    done = subprocess.run(
        [sys.executable, "-c", _CHILD.format(kind=kind), str(tmp_path)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found, faults, read, grown = map(int, done.stdout.split())
    assert (found, faults, read) == (ROWS, 0, characters)
    assert grown < 300, f"{grown} MB"
    path.unlink()
