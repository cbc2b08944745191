"""`labelwright predict` without a process, for tests of models that left their campaign."""

from __future__ import annotations

from click.testing import Result
from typer.testing import CliRunner

from labelwright.cli import app

CLASSES = ["Red", "Blue"]


def predict(*words: object, stdin: str = "") -> Result:
    return CliRunner().invoke(app, ["predict", *map(str, words)], input=stdin)


def invoke(*words: object) -> Result:
    return CliRunner().invoke(app, list(map(str, words)))
