"""What `model.json` says: which model this is, what it reads, and the hashes of the files beside it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from labelwright.dsl.task import Call
from labelwright.loop.errors import LabelwrightError

FORMAT = "labelwright model"
VERSION = 1


class ModelError(LabelwrightError):
    """A folder that holds no model, or none that can be used here."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClassEntry(_Part):
    """One class, in the order of the probabilities."""

    id: str
    title: str


class Column(_Part):
    """A column that the model reads; `type` is Arrow's name of it."""

    name: str
    kind: str  # text, image or columns
    type: str


class EncoderEntry(_Part):
    """What turned items into vectors. `identity` names all that these depend on beside the pool."""

    call: Call
    written: str  # the call, as a task file has it
    identity: str
    fitted: bool  # whether it learned from the pool
    values: dict[str, Any] = Field(default_factory=dict)  # what it learned, beside its arrays
    columns: tuple[Column, ...]


class LearnerEntry(_Part):
    """What was trained on the labels."""

    call: Call
    written: str
    seed: int
    reads: str  # vectors, inputs, or tokens
    temperature: float | None  # that confidences are divided by
    gate: str  # open where unlabelled items taught too


class FileEntry(_Part):
    """A file of the folder, as it was written."""

    sha256: str
    bytes: int


class Check(_Part):
    """The folder's predictions held against the campaign's own before it was written."""

    items: int
    difference: float  # the largest, of a probability


class Manifest(_Part):
    """See the module."""

    format: str = FORMAT
    version: int = VERSION
    made_by: str
    task: str
    definition: str  # hash
    kind: str
    choose: str
    round: int
    seed: int
    id: str | None  # the column that named items
    classes: tuple[ClassEntry, ...]
    encoder: EncoderEntry
    learner: LearnerEntry
    libraries: dict[str, str]
    check: Check | None = None
    files: dict[str, FileEntry] = Field(default_factory=dict)
