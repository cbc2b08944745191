"""The features of a Hugging Face data set as the beginning of a task.

They stand in `dataset_infos.json`, `dataset_info.json`, the front matter of a card, or in a parquet
file's own metadata. A `ClassLabel` becomes the classes, and the number that the data hold instead of
a name becomes another spelling of it. A list of `ClassLabel` beside a list of words names the words'
tags, so that it becomes spans; any other list means that one item may have several classes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labelwright.dsl.naming import one_line
from labelwright.dsl.scaffold import Answer
from labelwright.dsl.scaffold_classes import ProposedClass
from labelwright.importing.found import Imported, fault, refuse_repeats

_TAG = re.compile(r"[BILUESM][-_](.+)", re.DOTALL)
_LIKELY = ("label", "labels", "target", "category", "class", "topic", "intent", "sentiment")
_IDS = ("id", "idx", "index", "uid", "guid", "uuid")
_LONG = 1_000


@dataclass(frozen=True)
class _Feature:
    """One column: what it holds, `of` within a list where `many`."""

    name: str
    holds: str  # string, image, class, other
    many: bool = False
    names: tuple[str, ...] = ()


def hugging_face(path: Path, value: Any, label: str | None = None) -> Imported:
    """What features say. `label` is the column to take, where several hold classes.

    Raises ImportingError: no features are there, or none holds classes.
    """
    info, remarks = _info(path, value)
    features = list(_features(path, info["features"]))
    taken = _label(path, features, label)
    others = [f for f in features if f.names and f is not taken]
    remarks += [
        f"Left out: column {f.name}, which holds {len(f.names)} classes too; `--label {f.name}` takes it"
        for f in others
    ]
    words = [f for f in features if f.many and f.holds == "string"]
    spans = taken.many and (bool(words) or _tagged(taken.names))
    if spans:
        answer = Answer("spans", "one")
        classes = _span_classes(taken.names)
        remarks.append(
            f"Column {taken.name} holds a tag for each word: join the words to a text in `text`, "
            "which spans are marked in"
        )
    else:
        answer = Answer(
            choose="many" if taken.many else "one", empty="allowed" if taken.many else "forbidden"
        )
        classes = tuple(
            ProposedClass((one_line(name), str(number))) for number, name in enumerate(taken.names)
        )
    refuse_repeats(path, classes, (), "class")
    texts = tuple(f.name for f in features if f.holds == "string" and not f.many and not _is_id(f))
    described = info.get("description")
    guide = one_line(described) if isinstance(described, str) and len(described) <= _LONG else ""
    if guide:
        remarks.append(f"The data set says of itself: {guide}")
    return Imported(
        classes=classes,
        answer=answer,
        text=texts,
        image=() if spans else tuple(f.name for f in features if f.holds == "image"),
        label=taken.name if not spans else None,
        remarks=tuple(remarks),
    )


def is_features(value: Any) -> bool:
    """Whether a JSON value holds features."""
    return isinstance(value, dict) and any(True for _ in _infos(value))


def parquet_features(path: Path) -> Any | None:
    """The features that a parquet file carries, as JSON; None where it carries none."""
    import json

    import pyarrow.parquet as pq
    from pyarrow import ArrowException

    try:
        metadata = pq.read_schema(path).metadata or {}
        return json.loads(metadata[b"huggingface"])["info"]
    except (OSError, ArrowException, KeyError, TypeError, ValueError):
        return None  # a file that cannot be read is reported by the reader of its rows


# --- reading ----------------------------------------------------------------------------------


def _infos(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every configuration that has features, with its name."""
    if isinstance(value, dict):
        if isinstance(value.get("features"), (dict, list)):
            yield str(value.get("config_name") or ""), value
        else:
            for name, inner in value.items():
                if isinstance(inner, dict) and isinstance(inner.get("features"), (dict, list)):
                    yield str(name), inner
    elif isinstance(value, list):
        for inner in value:
            yield from _infos(inner)


def _info(path: Path, value: Any) -> tuple[dict[str, Any], list[str]]:
    infos = list(_infos(value))
    if not infos:
        raise fault(
            path,
            None,
            "there are no features in it",
            "name a data set's dataset_infos.json, its card with `dataset_info`, or a list of classes",
        )
    remarks = []
    if len(infos) > 1:
        left = ", ".join(name or "?" for name, _ in infos[1:])
        remarks.append(f"Read: configuration {infos[0][0] or '?'}; left out: {left}")
    return infos[0][1], remarks


def _features(path: Path, features: Any) -> Iterator[_Feature]:
    if isinstance(features, Mapping):
        for name, feature in features.items():
            yield _json_feature(str(name), feature)
        return
    for feature in features:
        if not isinstance(feature, Mapping) or not isinstance(feature.get("name"), str):
            raise fault(path, None, "a feature has no name", "write `- name: …` for each")
        yield _card_feature(feature["name"], feature)


def _json_feature(name: str, feature: Any, *, many: bool = False) -> _Feature:
    if isinstance(feature, list) and len(feature) == 1:
        return _json_feature(name, feature[0], many=True)
    if not isinstance(feature, Mapping):
        return _Feature(name, "other", many)
    kind = feature.get("_type")
    if kind in ("Sequence", "List", "LargeList") and isinstance(feature.get("feature"), Mapping):
        return _json_feature(name, feature["feature"], many=True)
    if kind == "ClassLabel" and isinstance(feature.get("names"), list):
        return _Feature(name, "class", many, tuple(str(n) for n in feature["names"]))
    return _Feature(name, _holds(kind, feature.get("dtype")), many)


def _card_feature(name: str, feature: Any, *, many: bool = False) -> _Feature:
    for key in ("sequence", "list"):
        if key in feature:
            inner = feature[key]
            inner = {"dtype": inner} if isinstance(inner, str) else inner
            if isinstance(inner, Mapping):
                if "dtype" not in inner and not ("sequence" in inner or "list" in inner):
                    inner = {"dtype": inner}
                return _card_feature(name, inner, many=True)
            return _Feature(name, "other", True)
    dtype = feature.get("dtype")
    if isinstance(dtype, Mapping) and isinstance(dtype.get("class_label"), Mapping):
        names = dtype["class_label"].get("names")
        if isinstance(names, Mapping) and all(str(k).isdecimal() for k in names):
            ordered = [names[k] for k in sorted(names, key=lambda k: int(k))]
        else:
            ordered = list(names) if isinstance(names, list) else []
        return _Feature(name, "class", many, tuple(str(n) for n in ordered))
    return _Feature(name, _holds("Image" if dtype == "image" else "Value", dtype), many)


def _holds(kind: Any, dtype: Any) -> str:
    if kind == "Image":
        return "image"
    return "string" if kind == "Value" and dtype in ("string", "large_string") else "other"


# --- choosing ---------------------------------------------------------------------------------


def _label(path: Path, features: list[_Feature], wanted: str | None) -> _Feature:
    able = [f for f in features if f.names]
    if wanted is not None:
        found = next((f for f in able if f.name == wanted), None)
        if found is not None:
            return found
    if wanted is not None or not able:
        has = ", ".join(f.name for f in able) or "none"
        raise fault(
            path,
            None,
            f"column {wanted} names no classes" if wanted else "no column names its classes",
            f"columns that do (ClassLabel): {has}; a plain list of classes will do too",
        )
    return next((f for word in _LIKELY for f in able if f.name.casefold() == word), able[0])


def _tagged(names: tuple[str, ...]) -> bool:
    return "O" in names and any(_TAG.fullmatch(n) for n in names)


def _span_classes(names: tuple[str, ...]) -> tuple[ProposedClass, ...]:
    """What tags such as B-PER and I-PER are of, once each; O is no class."""
    if _tagged(names):
        names = tuple(m[1] if (m := _TAG.fullmatch(n)) else n for n in names if n != "O")
    return tuple(ProposedClass((one_line(n),)) for n in dict.fromkeys(names))


def _is_id(feature: _Feature) -> bool:
    low = feature.name.casefold()
    return low in _IDS or low.endswith(("_id", "-id"))
