"""The network of a sentence encoder, for learners that train it: token ids to vectors.

It is made of the modules that the sentence-transformers folder names (transformer, pooling, perhaps a dense
layer), and its vectors are of unit length like those of `encode`, so that a head learned on one fits the
other. Loading is `sentence_transformers`'s business: only safetensors, no code of a model's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from labelwright.loop.errors import PluginError

if TYPE_CHECKING:
    import numpy as np


class TextNetwork(torch.nn.Module):
    """(n, length) token ids to (n, dim) float32 vectors of unit length.

    `length` may be anything up to the model's longest text; columns that hold padding only are left out.
    `pad` is the id of padding, `dim` the length of the vectors, `backbone` the transformer itself.
    """

    def __init__(self, model: Any, pad: int) -> None:
        super().__init__()
        self.model = model
        self.pad = pad
        self.dim = int(model.get_embedding_dimension())

    @property
    def backbone(self) -> torch.nn.Module:
        """The transformers model."""
        return self.model[0].auto_model  # type: ignore[no-any-return]

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """One vector a text."""
        vectors = self.model(self.features(ids))["sentence_embedding"].float()
        return torch.nn.functional.normalize(vectors, dim=1)

    def tokens(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The transformer's vectors of the tokens, (n, l, width), and which of them are text, (n, l) bool.

        l is the longest text's number of tokens.
        """
        features = self.features(ids)
        mask = features["attention_mask"].bool()
        return self.model[0](features)["token_embeddings"], mask

    def features(self, ids: torch.Tensor) -> dict[str, torch.Tensor]:
        """What the first module reads: ids (n, l) without needless padding, and their mask."""
        lengths = self.lengths(ids)
        ids = ids[:, : max(int(lengths.max()), 1)].long()
        places = torch.arange(ids.shape[1], device=ids.device)
        return {"input_ids": ids, "attention_mask": (places < lengths[:, None]).long()}

    def lengths(self, ids: torch.Tensor) -> torch.Tensor:
        """(n,) the number of tokens of each text: all before the padding at its end.

        A text that spells the padding token has its id in the middle.
        """
        places = torch.arange(1, ids.shape[1] + 1, device=ids.device)
        return torch.where(ids == self.pad, 0, places).amax(dim=1)


def token_ids(model: Any, texts: Sequence[str], name: str) -> np.ndarray:
    """(n_texts, longest) int32 token ids of a sentence-transformers model, padded at the end.

    `longest` is the model's limit whatever the texts are; longer ones are cut there.
    """
    import numpy as np

    pad, longest = padding(model, name), int(model.max_seq_length)
    ids = np.full((len(texts), longest), pad, dtype=np.int32)
    if not texts:
        return ids
    found = model.tokenizer(
        list(texts),
        truncation=True,
        max_length=longest,
        padding=False,
        return_attention_mask=False,
        return_token_type_ids=False,
    )["input_ids"]
    for row, of_text in enumerate(found):
        ids[row, : len(of_text)] = of_text
    return ids


def padding(model: Any, name: str) -> int:
    """The id of padding. Raises PluginError where the model reads no tokens, or has none."""
    pad = getattr(getattr(model, "tokenizer", None), "pad_token_id", None)
    if pad is None or not hasattr(model[0], "auto_model"):
        raise PluginError(
            f"the model {name} is no transformer with padding, so that it cannot be tuned",
            "choose `finetune = head`, or an encoder that is a transformer",
        )
    return int(pad)
