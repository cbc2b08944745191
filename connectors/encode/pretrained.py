"""Any pretrained model by its quoted name: a folder under the model root, or a name on a hub."""

from __future__ import annotations

from labelwright.connectors.encode.inputs import input_columns
from labelwright.connectors.encode.model_files import model_folder
from labelwright.connectors.encode.sentence_transformers import SentenceEncoder
from labelwright.loop.learn.suiting import gives
from labelwright.loop.ports import Context, Encoder


@gives("network")
def pretrained(name: str, *, context: Context) -> Encoder:
    """A model by its folder or its name on the hub: of sentences; of pictures where items are pictures."""
    if context.task.data.image and not context.task.data.text:
        from labelwright.connectors.encode.vision import vision

        return vision(name, context=context)
    columns = input_columns(context, "text", "pretrained")
    return SentenceEncoder(name, model_folder(name, context.model_root), columns, context.progress)
