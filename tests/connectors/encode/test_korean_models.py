"""Korean text with a multilingual model in a folder: as it is, and distilled into static vectors."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from labelwright import Project

from .tiny_korean import tiny_model

ASKED = [
    "몇 시에 출발해",
    "어디에서 만나",
    "누가 오는지 알려줘",
    "왜 늦었는지 말해줘",
    "언제 끝나는지 궁금해",
]
TOLD = ["불을 꺼 줘", "문을 닫아 줘", "노래를 틀어 줘", "같이 산책 가자", "내일 일찍 깨워 줘"]
FILE = """
task intents "발화 의도" {{}}
class Question "질문" {{ describe = "모르는 것을 묻는 말" }}
class Command "명령" {{ describe = "행동을 시키는 말" }}
data {{
  source = csv("said.csv")
  id     = id
  text   = body
}}
holdout {{ annotations = 20 }}
annotators {{ from = simulate(column = label, error = 0%) }}
budget {{
  annotations = 60
  per_round   = 20 items
}}
train {{
  encoder  = {encoder}
  finetune = head
}}
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 utterances, and a model whose tokenizer knows Korean."""
    pytest.importorskip("sentence_transformers")
    folder = tmp_path_factory.mktemp("korean")
    when = ["오늘", "내일", "주말에", "저녁에", "아침에"]
    who = ["우리", "동생이랑", "선생님", "친구하고"]
    rows = [
        (f"{w} {p} {body}", label)
        for label, bodies in (("Question", ASKED), ("Command", TOLD))
        for body in bodies
        for w in when
        for p in who
    ]
    with (folder / "said.csv").open("w", newline="", encoding="utf-8") as file:
        told = csv.writer(file)
        told.writerow(["id", "body", "label"])
        told.writerows([f"u{i}", body, label] for i, (body, label) in enumerate(rows))
    tiny_model(folder / "tiny-korean", [body for body, _ in rows])
    return folder


@pytest.mark.parametrize(
    "encoder", ['pretrained("tiny-korean")', 'static("tiny-korean", dim = 16)']
)
def test_korean_through_a_model_in_a_folder(
    encoder: str, said: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELWRIGHT_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "intents.task"
    file.write_text(FILE.format(encoder=encoder), encoding="utf-8")
    project = Project(file, state=tmp_path / "state", data_root=said)
    project.run()
    last = project.campaign().rounds[-1].measurement
    assert last.true_accuracy is not None
    assert last.true_accuracy > 0.8
    assert "tiny-korean" in project.report().read_text(encoding="utf-8")
