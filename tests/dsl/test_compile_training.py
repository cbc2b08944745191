from __future__ import annotations

import json
from datetime import date

import pytest

from labelwright.dsl.compile import compile_task
from labelwright.dsl.compile.settings import project_settings
from labelwright.dsl.compile.training import training_config
from labelwright.dsl.task import (
    Accept,
    Annotators,
    Argument,
    Call,
    Cap,
    Class,
    Criterion,
    Day,
    Encoders,
    Percent,
    PseudoLabels,
    Train,
    Word,
)


def test_training_config(make_task) -> None:
    task = make_task(
        classes=(
            Class(id="B", title="b", aliases=("bee", "1")),
            Class(id="A", title="a"),
            Class(id="X", title="x", role="unusable"),
        ),
        train=Train(
            encoder=Encoders(default=None, of={"text": Call(name="minilm")}),
            finetune=Call(
                name="lora",
                args=(
                    Argument(value=Call(name="inner", args=(Argument(value=Percent(percent=5)),))),
                    Argument(name="r", value=8),
                    Argument(name="since", value=Day(day=date(2026, 9, 1))),
                    Argument(name="on", value=(Word(name="q"), "v")),
                ),
            ),
            seeds=(1, 2),
        ),
        pseudo_labels=PseudoLabels(
            method=Call(name="threshold"), thresholds={"B": 0.99, "A": 0.9}, cap=Cap(per_label=3)
        ),
        accept=Accept(
            confidence=0.95,
            criteria=(
                Criterion(metric="accuracy", op=">=", value=0.9, text="accuracy >= 90%"),
                Criterion(
                    metric="recall",
                    of="A",
                    op=">=",
                    value=0.8,
                    confidence=0.99,
                    at=(0.9, "precision"),
                    on="korean",
                ),
            ),
        ),
    )
    config = training_config(task, "sha256:abc")
    assert config["definition"] == "sha256:abc"
    assert config["labels"] == ["B", "A"]
    assert [c["id"] for c in config["classes"]] == ["B", "A", "X"]
    assert config["encoder"] == {
        "default": None,
        "text": {"name": "minilm", "positional": [], "named": {}},
    }
    assert config["finetune"] == {
        "name": "lora",
        "positional": [{"name": "inner", "positional": [0.05], "named": {}}],
        "named": {"r": 8, "since": "2026-09-01", "on": ["q", "v"]},
    }
    assert list(config["pseudo_labels"]["thresholds"]) == ["A", "B"]
    assert config["pseudo_labels"]["cap_per_label"] == 3
    assert [c["confidence"] for c in config["criteria"]] == [0.95, 0.99]
    assert config["criteria"][1]["at"] == {"value": 0.9, "metric": "precision"}
    assert json.loads(json.dumps(config, allow_nan=False)) == config


def test_project_settings(make_task) -> None:
    source = Call(name="label_studio")
    task = make_task(annotators=Annotators(source=source, overlap=3), choose="many")
    settings = project_settings(task)
    assert settings["maximum_annotations"] == 3
    assert settings["sampling"] == "Sequential sampling"
    assert settings["show_instruction"] is True
    assert settings["enable_empty_annotation"] is False
    assert settings["show_collab_predictions"] is False
    assert settings["evaluate_predictions_automatically"] is False
    allowed = project_settings(make_task(choose="many", empty="allowed"))
    assert allowed["enable_empty_annotation"] is True
    assert project_settings(make_task(empty="allowed"))["enable_empty_annotation"] is False


@pytest.mark.parametrize("kind", ["classification", "spans"])
@pytest.mark.parametrize("wanted", ["none", "model", "rules"])
def test_predictions_are_shown_where_suggestions_are_asked_for(
    make_task, kind: str, wanted: str
) -> None:
    people = Annotators(source=Call(name="label_studio"), suggestions=wanted)
    settings = project_settings(make_task(annotators=people, kind=kind))
    shown = wanted != "none" and kind == "classification"  # nothing is suggested for spans
    assert settings["show_collab_predictions"] is shown
    assert settings["sampling"] == "Sequential sampling"


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("News topics", "News topics"),
        ("감정", "감정 (news)"),  # Label Studio wants three characters
        ("x" * 51, "x" * 49 + "…"),
        ("two\n  lines", "two lines"),
        ("  ", "news"),
    ],
)
def test_titles_that_label_studio_takes(make_task, title, shown) -> None:
    assert project_settings(make_task(title=title))["title"] == shown
    assert 3 <= len(shown) <= 50


def test_compile_task(make_task) -> None:
    task = make_task("정치", "경제")
    files = compile_task(task, "hash")
    assert list(files) == [
        "labeling_config.xml",
        "project.json",
        "instructions.html",
        "training.json",
    ]
    assert compile_task(task.model_copy(deep=True), "hash") == files
    assert "정치" in files["training.json"]  # readable, not escaped
    assert json.loads(files["training.json"])["definition"] == "hash"
    assert all(content.endswith("\n") for content in files.values())
    assert compile_task(make_task("정치", "경제", title="Other"), "hash") != files
