"""The one door: whatever file is given, the reader that reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from labelwright.importing.found import Imported, fault, read_text

ROWS = (".csv", ".parquet", ".jsonl", ".ndjson")
"""Files of items: read by `labelwright.propose`."""


def holds_rows(path: Path) -> bool:
    """Whether a file holds items rather than a list of what they may be."""
    return path.suffix.casefold() in ROWS


def imported(path: Path, *, control: str | None = None, label: str | None = None) -> Imported:
    """What a file says of a task. Raises ImportingError: it cannot be read, or says nothing of one.

    `control` is a labelling config's control, `label` a data set's column, where there are several.
    """
    from labelwright.importing.front_matter import section
    from labelwright.importing.hugging_face import hugging_face
    from labelwright.importing.label_studio import label_studio
    from labelwright.importing.lists import text_list

    text = read_text(path)
    form = path.suffix.casefold()
    if form == ".xml" or (form not in (".json", ".md") and text.lstrip().startswith("<")):
        return label_studio(path, text, control)
    if form == ".json" or text.lstrip()[:1] in ("{", "["):
        return _json(path, text, control, label)
    if form == ".md":
        info = section(path, text, "dataset_info")
        if info is None:
            raise fault(
                path, None, "this card says nothing of its features",
                "name one whose front matter holds `dataset_info`, or a plain list of classes",
            )  # fmt: skip
        return hugging_face(path, info, label)
    if form in (".txt", ""):
        return text_list(path, text)
    raise fault(
        path,
        None,
        f"nothing is known about files that end in {form}",
        "name a labelling config (.xml), a data set's features (.json, README.md), a list of classes "
        "(.txt, .json), or labelled items (.csv, .parquet, .jsonl)",
    )


def _json(path: Path, text: str, control: str | None, label: str | None) -> Imported:
    from labelwright.importing.hugging_face import hugging_face, is_features
    from labelwright.importing.label_studio import label_studio
    from labelwright.importing.lists import is_list, json_list

    value = _value(path, text)
    if isinstance(value, dict) and isinstance(value.get("label_config"), str):
        return label_studio(
            path, value["label_config"], control
        )  # a project as its server tells it
    if is_features(value):
        return hugging_face(path, value, label)
    if isinstance(value, dict) and isinstance(value.get("id2label"), dict):
        value = value["id2label"]  # a model's own configuration
    if not is_list(value):
        raise fault(
            path,
            None,
            "this JSON is no list of classes and holds no features",
            'write for example ["Sports", "Economy"], or {"Sports": "matches, athletes"}',
        )
    return json_list(path, value)


def _value(path: Path, text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise fault(
            path, error.lineno, f"this is no JSON: {error.msg}", "check the file"
        ) from error
    except _TwiceError as error:
        raise fault(
            path, None, f"the key {error} stands in one object twice", "keep one of them"
        ) from error
    except RecursionError as error:
        raise fault(path, None, "it is nested too deeply", "name a list of classes") from error


class _TwiceError(ValueError):
    """A key that an object has twice."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _TwiceError(repr(key))
        found[key] = value
    return found
