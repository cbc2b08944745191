"""Catalogues for tests: plug-ins with the signatures that the example files use.

`EVERYTHING` knows all that the examples name; `EARLY` only a first version's plug-ins.
"""

from __future__ import annotations

from collections.abc import Sequence

from labelwright.dsl.plugins import Kind, Parameter, Signature

P = Parameter


def _optional(name: str, type_: str, default: object = None) -> Parameter:
    return P(name, type_, required=False, default=default)  # type: ignore[arg-type]


_SIGNATURES = [
    *(Signature("query", name) for name in ("random", "least_confidence", "margin", "entropy")),
    Signature("query", "auto", (_optional("random_share", "float", 0.05),)),
    Signature("query", "committee", (_optional("members", "int", 5),)),
    Signature("query", "k_means"),
    Signature("query", "mix", (P("strategies", "call", variadic=True),)),
    *(Signature("query", name) for name in ("typiclust", "mnlp", "prob_cover", "coreset")),
    Signature("query", "badge", (_optional("subsample", "int"),)),
    Signature("encode", "tfidf", (_optional("features", "int"),), gives=()),
    Signature("encode", "minilm", gives=("network",)),
    Signature("encode", "pixels", (_optional("side", "int"),), gives=()),
    Signature("encode", "table", gives=("network", "table")),
    Signature("encode", "pretrained", (P("name", "str"),), gives=("network",)),
    Signature("encode", "resnet", (_optional("depth", "int", 18),), gives=("network",)),
    Signature("encode", "concat", (P("encoders", "call", variadic=True),)),
    Signature(
        "encode",
        "joined",
        (_optional("text", "call"), _optional("image", "call"), _optional("columns", "call")),
        gives=(),
    ),
    Signature("learn", "head"),
    *(Signature("learn", name, needs="network") for name in ("full", "scratch")),
    Signature(
        "learn",
        "lora",
        (_optional("r", "int", 8), _optional("alpha", "int", 16)),
        needs="network",
    ),
    Signature("learn", "boosting", needs="table"),
    Signature("learn", "sklearn", (P("name", "str"),)),
    Signature("pseudo", "threshold"),
    *(Signature("pseudo", name, needs="vectors") for name in ("propagate", "infomax")),
    Signature("pseudo", "fixmatch", needs="network"),
    Signature(
        "annotate",
        "simulate",
        (
            P("column", "str"),
            _optional("people", "int", 1),
            _optional("error", "float", 0.0),
            _optional("confusion", "any"),
            _optional("careless", "int", 0),
            _optional("adjudicator_error", "float", 0.0),
        ),
    ),
    Signature(
        "annotate",
        "label_studio",
        (_optional("hidden", "float", 0.2), _optional("hints", "bool", True)),
    ),
    Signature("annotate", "terminal"),
    Signature("annotate", "files", (P("folder", "str"), _optional("format", "str", "jsonl"))),
    *(
        Signature("resolve", name, (P("annotations", "any"), P("classes", "any")))
        for name in ("majority", "dawid_skene", "crowdlab")
    ),
    *(Signature("read", name, (P("path", "str"),)) for name in ("parquet", "jsonl")),
    Signature("read", "csv", (P("path", "str"), _optional("pictures", "str"))),
    Signature("read", "npz", (P("path", "str"), P("arrays", "str", required=False, open=True))),
    Signature("read", "images", (P("folder", "str"), _optional("pattern", "str"))),
    Signature("read", "bundled", (P("name", "str"),)),
    Signature("pretrain", "contrastive", (_optional("epochs", "int", 20),), needs="network"),
    *(Signature("augment", name) for name in ("crop", "flip", "cutout")),
    Signature(
        "track", "mlflow", (_optional("store", "str", "mlflow.db"), _optional("experiment", "str"))
    ),
    Signature("augment", "color_jitter", (P("strength", "float"),)),
    *(Signature("augment", name, (P("share", "float"),)) for name in ("cutoff", "word_drop")),
]

_EARLY: dict[Kind, set[str]] = {
    "query": {"random", "least_confidence", "margin", "entropy", "committee", "k_means", "mix"},
    "encode": {"tfidf", "minilm", "pretrained", "pixels", "table"},
    "learn": {"head"},
    "pseudo": {"threshold"},
    "annotate": {"simulate"},
    "resolve": {"majority"},
    "read": {"csv", "parquet", "jsonl", "npz", "images", "bundled"},
}


class Known:
    """A catalogue of these signatures."""

    def __init__(self, signatures: Sequence[Signature]) -> None:
        self._known = {(s.kind, s.name): s for s in signatures}

    def find(self, kind: Kind, name: str) -> Signature | None:
        return self._known.get((kind, name))

    def names(self, kind: Kind) -> Sequence[str]:
        return sorted(name for k, name in self._known if k == kind)


EVERYTHING = Known(_SIGNATURES)
EARLY = Known([s for s in _SIGNATURES if s.name in _EARLY.get(s.kind, ())])
