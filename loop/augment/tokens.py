"""What a text's augmentation needs to know of token ids: which are words, and which are the model's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labelwright.loop.errors import PluginError

if TYPE_CHECKING:
    import numpy as np
    import torch

_CONTINUES, _BEGINS = "##", ("Ġ", "▁")  # WordPiece; byte-level BPE, SentencePiece


@dataclass(frozen=True)
class Tokens:
    """A tokenizer, as far as it matters here. What an encoder of texts has as its `tokens`.

    pad: the id of padding. mask: of what stands for a hidden token, None where the model has none.
    special: (n_ids,) bool, marks of the model's own. begins: (n_ids,) bool, tokens that begin a word.
    decode, encode: rows of ids to texts without special marks, and texts to rows of `longest` ids.
    """

    pad: int
    mask: int | None
    special: np.ndarray
    begins: np.ndarray
    decode: Callable[[np.ndarray], list[str]]
    encode: Callable[[Sequence[str]], np.ndarray]

    @classmethod
    def of(cls, tokenizer: Any, encode: Callable[[Sequence[str]], np.ndarray]) -> Tokens:
        """Of a tokenizer of the library transformers; `encode` is the encoder's own."""
        import numpy as np

        names = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
        names = [name or "" for name in names]
        special = np.zeros(len(names), dtype=bool)
        special[[i for i in tokenizer.all_special_ids if i < len(names)]] = True
        return cls(
            int(tokenizer.pad_token_id), tokenizer.mask_token_id, special, beginnings(names),
            lambda rows: [str(text) for text in tokenizer.batch_decode(rows, skip_special_tokens=True)],
            encode,
        )  # fmt: skip


def beginnings(names: Sequence[str]) -> np.ndarray:
    """(n_ids,) bool: which tokens begin a word, told by how the vocabulary writes those that do not."""
    import numpy as np

    if any(name.startswith(_CONTINUES) for name in names):
        return np.array([not name.startswith(_CONTINUES) for name in names])
    if any(name.startswith(_BEGINS) for name in names):
        return np.array([name.startswith(_BEGINS) for name in names])
    return np.ones(len(names), dtype=bool)


def tokens_of(encoder: Any, name: str) -> Tokens:
    """The encoder's tokens. Raises PluginError where it reads none; `name`: the augmentation."""
    found = getattr(encoder, "tokens", None)
    if not isinstance(found, Tokens):
        raise PluginError(
            f"augment = {name} changes texts, but the encoder reads none",
            "take it out of `augment`, or choose an encoder of texts, such as minilm",
        )
    return found


def words_of(ids: torch.Tensor, tokens: Tokens) -> torch.Tensor:
    """(n, length) int64: the number of the word that each token is part of, from 0; -1 for no word."""
    import torch

    special = torch.from_numpy(tokens.special).to(ids.device)[ids] | (ids == tokens.pad)
    begins = torch.from_numpy(tokens.begins).to(ids.device)[ids] & ~special
    after_none = torch.nn.functional.pad(special[:, :-1], [1, 0], value=True)
    begins |= after_none & ~special  # the first token is a word's, however it is written
    return torch.where(special, -1, begins.cumsum(dim=1) - 1)
