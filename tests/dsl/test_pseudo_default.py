"""Which way of learning from unlabelled items a file gets that names none."""

from __future__ import annotations

import pytest

from labelwright.dsl.diagnostics import SourceText
from labelwright.dsl.read import read
from labelwright.loop.plugins import Installed
from labelwright.loop.supported import unused

FILE = """
task t
class A
class B
data {{ source = csv("x.csv")
 text = body }}
{rules}
pseudo_labels {{
 {inside}
}}
train {{ encoder = minilm
 finetune = {finetune} }}
"""


def _of(inside: str = "", finetune: str = "head", rules: str = "") -> tuple[str, list[str]]:
    text = FILE.format(inside=inside, finetune=finetune, rules=rules)
    task = read(SourceText("t.task", text), Installed()).task
    assert task is not None
    assert task.pseudo_labels is not None
    return task.pseudo_labels.method.name, unused(task)


@pytest.mark.parametrize(
    ("inside", "finetune", "method"),
    [
        ("", "head", "infomax"),
        ("threshold = 90%", "head", "threshold"),
        ("threshold of A = 90%", "head", "threshold"),
        ("cap = 2 per label", "head", "threshold"),
        ("", "lora", "threshold"),
        ("method = propagate", "head", "propagate"),
    ],
)
def test_infomax_but_where_the_file_speaks_of_thresholds(
    inside: str, finetune: str, method: str
) -> None:
    assert _of(inside, finetune)[0] == method


def test_settings_that_a_method_has_no_use_for_are_named() -> None:
    _, said = _of("method = infomax\n threshold = 90%\n cap = 2 per label")
    assert said == ["pseudo_labels threshold and cap: infomax has no use for it (threshold has)"]
    assert _of("method = threshold\n threshold = 90%")[1] == []
    assert _of("method = infomax")[1] == []


def test_rules_that_do_not_teach_say_so() -> None:
    rules = 'rules { r: vote A when body contains "a" }'
    assert _of(rules=rules)[1] == []
    (said,) = _of("method = propagate", rules=rules)[1]
    assert "rules teach only" in said
