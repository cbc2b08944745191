"""A vector for each token of a vocabulary, distilled from a sentence encoder.

It is what model2vec (Tulkens & van Dongen 2024) does: every token goes through the teacher by itself, once;
the vectors are centred and turned by PCA over the vocabulary, which needs no label and no text, and weighted
by how rare the token is: w = a / (a + p), smooth inverse frequency (Arora et al. 2017). p is not counted but
taken from the token's place in the vocabulary by Zipf's law, because vocabularies are ordered by frequency.
A text is the weighted mean of its tokens, brought to unit length: a few rare words decide a short one, not
the "the" between them.

`<cache>/static/<hash>/` holds `tokens.safetensors`, `tokenizer.json` and, written last, `static.json` with
the SHA-256 of both; tokens that went through the teacher are kept like embeddings of items, so that a
distillation that was killed goes on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelwright.connectors.encode.text_batches import batched, encode_tokens
from labelwright.connectors.encode_cache import encode_cached, replace_file
from labelwright.loop.errors import PluginError, StoreError
from labelwright.loop.ports import Progress

if TYPE_CHECKING:
    import numpy as np

    from labelwright.connectors.encode.sentence_transformers import SentenceEncoder

RARITY = 1e-3
_TABLE, _TOKENIZER, _MANIFEST = "tokens.safetensors", "tokenizer.json", "static.json"


@dataclass(frozen=True)
class TokenTable:
    """vectors: (n_tokens, dim) float32, weighted; rows of special tokens are zero. tokenizer: its JSON."""

    vectors: np.ndarray
    tokenizer: str

    @classmethod
    def of(cls, teacher: SentenceEncoder, dim: int, cache: Path, progress: Progress) -> TokenTable:
        """Distilled, or from the cache where it was. Raises PluginError, StoreError."""
        told = f"{teacher.model_identity} dim={dim} rarity={RARITY}"
        folder = cache / "static" / hashlib.sha256(told.encode()).hexdigest()[:32]
        found = _read(folder)
        if found is None:
            found = _distilled(teacher, dim, cache, progress)
            _write(folder, told, found)
        return found


def weights(n_tokens: int) -> np.ndarray:
    """(n_tokens,) smooth inverse frequency of tokens that Zipf's law gives their frequency by rank."""
    import numpy as np

    inverse = 1 / np.arange(2, n_tokens + 2)
    return np.asarray(RARITY / (RARITY + inverse / inverse.sum()), dtype=np.float32)


def reduced(vectors: np.ndarray, dim: int) -> np.ndarray:
    """(n, min(dim, width)) the leading principal components of vectors (n, width), centred."""
    import numpy as np

    centred = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    leading = directions[:, ::-1][:, :dim]
    signs = np.sign(leading[np.abs(leading).argmax(axis=0), np.arange(leading.shape[1])])
    return np.asarray(centred @ (leading * signs).astype(np.float32))


def _distilled(teacher: SentenceEncoder, dim: int, cache: Path, progress: Progress) -> TokenTable:
    import numpy as np

    model = teacher.model
    if not batched(model):
        raise PluginError(
            f"static: the model {teacher.name} is no transformer of text with a fast tokenizer",
            'name another teacher, or use this model itself: `encoder = pretrained("…")`',
        )
    tokenizer = model[0].tokenizer
    before, after = _around(tokenizer)
    n_tokens = 1 + max(tokenizer.get_vocab().values())
    special = sorted({int(i) for i in tokenizer.all_special_ids if int(i) < n_tokens})
    ids = np.setdiff1d(np.arange(n_tokens), special)
    reader = _Reader(teacher, before, after)

    def told(what: str, done: int, total: int) -> None:
        progress(f"distilling {teacher.name}", done, total)

    own = reduced(encode_cached(reader, _Tokens(ids), cache, told), dim)
    vectors = np.zeros((n_tokens, own.shape[1]), dtype=np.float32)
    vectors[ids] = own * weights(len(ids))[:, None]
    return TokenTable(vectors, tokenizer.backend_tokenizer.to_str())


def _around(tokenizer: Any) -> tuple[list[int], list[int]]:
    """The special tokens before a text, and after it."""
    special = set(tokenizer.all_special_ids)
    ids = tokenizer("a")["input_ids"]
    inside = [place for place, i in enumerate(ids) if i not in special]
    if not inside:  # the vocabulary has no "a": it is the unknown token, a special one
        middle = ids.index(tokenizer.unk_token_id)
        return ids[:middle], ids[middle + 1 :]
    return ids[: inside[0]], ids[inside[-1] + 1 :]


@dataclass(frozen=True)
class _Tokens:
    """Tokens as the cache of embeddings knows things, so that it serves for them."""

    numbers: np.ndarray

    @property
    def contents(self) -> np.ndarray:
        import numpy as np

        whole = np.zeros((len(self.numbers), 2), dtype=">u8")
        whole[:, 1] = self.numbers
        return whole.view(np.uint8).reshape(-1, 16)

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, rows: Sequence[int] | np.ndarray) -> _Tokens:
        return _Tokens(self.numbers[rows])


@dataclass(frozen=True)
class _Reader:
    """The teacher as an encoder of single tokens."""

    teacher: SentenceEncoder
    before: list[int]
    after: list[int]
    fitted: bool = False

    @property
    def identity(self) -> str:
        return f"single tokens of {self.teacher.model_identity}"

    def encode(self, items: _Tokens) -> np.ndarray:
        read = [[*self.before, int(i), *self.after] for i in items.numbers]
        inputs: dict[str, list[list[int]]] = {
            "input_ids": read,
            "attention_mask": [[1] * len(each) for each in read],
        }
        if "token_type_ids" in self.teacher.model[0].tokenizer.model_input_names:
            inputs["token_type_ids"] = [[0] * len(each) for each in read]
        return encode_tokens(self.teacher.model, inputs, step=1)  # all are as long


# --- files ------------------------------------------------------------------------------------


def _read(folder: Path) -> TokenTable | None:
    """What was distilled; None where it was not, or the files are not what was written."""
    from safetensors.numpy import load

    try:
        told = json.loads((folder / _MANIFEST).read_bytes())
        raw = {name: (folder / name).read_bytes() for name in (_TABLE, _TOKENIZER)}
    except (OSError, ValueError):
        return None  # it is distilled again
    if any(told.get(name) != hashlib.sha256(each).hexdigest() for name, each in raw.items()):
        return None
    return TokenTable(load(raw[_TABLE])["vectors"], raw[_TOKENIZER].decode())


def _write(folder: Path, told: str, table: TokenTable) -> None:
    from safetensors.numpy import save

    raw = {_TABLE: save({"vectors": table.vectors}), _TOKENIZER: table.tokenizer.encode()}
    manifest = {name: hashlib.sha256(each).hexdigest() for name, each in raw.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, each in raw.items():
            replace_file(folder / name, each)
        replace_file(folder / _MANIFEST, json.dumps({"distilled from": told, **manifest}).encode())
    except OSError as error:
        raise StoreError(
            f"the cache of distilled tokens in {folder} cannot be written: {error}",
            "free some space, or set LABELWRIGHT_CACHE to another folder",
        ) from error
