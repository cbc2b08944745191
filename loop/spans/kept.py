"""Texts as a tagger reads them, their words' vectors kept on disk by content: a text is encoded once.

`<cache>/words/<hash of the encoder's identity>/` holds shards of at most 1,024 texts, each one safetensors
file whose name is the hash of its content: one that does not match is not used, and its texts are encoded
again. Vectors are half precision: 0.8 kB a word at 384 numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from labelwright.loop.disk import replacing
from labelwright.loop.errors import PluginError, StoreError
from labelwright.loop.spans.tokens import Tokens
from labelwright.loop.spans.words import words

if TYPE_CHECKING:
    from labelwright.loop.ports import Encoder, Progress

_SHARD = 1_024


def tokenized(
    encoder: Encoder, texts: Sequence[str], cache: Path, progress: Progress
) -> list[Tokens]:
    """The texts with their tokens, and the vectors of these where the encoder has any (`encoding.Wordwise`).

    Raises what the encoder raises, PluginError where its vectors are not what they should be, StoreError
    where the cache cannot be written.
    """
    places = [words(text) for text in texts]
    wordwise: Any = encoder
    if not hasattr(encoder, "word_vectors"):
        none = [np.zeros((len(at), 0), dtype=np.float16) for at in places]
        return [Tokens(*each) for each in zip(texts, places, none, strict=True)]
    identity = str(wordwise.word_identity)
    folder = cache / "words" / hashlib.sha256(identity.encode()).hexdigest()[:32]
    keys = [_key(text) for text in texts]
    vectors = dict(_read(folder, set(keys)))
    missing = list({k: i for i, k in enumerate(keys) if k not in vectors}.values())
    for start in range(0, len(missing), _SHARD):
        part = missing[start : start + _SHARD]
        made = wordwise.word_vectors([texts[i] for i in part], [places[i] for i in part])
        _check(made, [places[i] for i in part], identity)
        _write(folder, [keys[i] for i in part], made)
        vectors.update(zip((keys[i] for i in part), made, strict=True))
        progress("encoding words", start + len(part), len(missing))
    return [Tokens(t, at, vectors[k]) for t, at, k in zip(texts, places, keys, strict=True)]


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _check(made: Sequence[np.ndarray], places: Sequence[np.ndarray], identity: str) -> None:
    widths = {v.shape[1] for v in made if v.ndim == 2}
    fits = len(made) == len(places) and all(
        v.ndim == 2 and len(v) == len(at) and np.isfinite(v).all()
        for v, at in zip(made, places, strict=False)
    )
    if not fits or len(widths) > 1:
        raise PluginError(
            f"the encoder ({identity}) gave words vectors that do not fit them, or are not finite",
            "tell its author; choose another encoder",
        )


def _read(folder: Path, wanted: set[bytes]) -> Iterator[tuple[bytes, np.ndarray]]:
    from safetensors.numpy import load

    for path in sorted(folder.glob("*.safetensors")):
        try:
            raw = path.read_bytes()
        except OSError:
            continue
        if hashlib.sha256(raw).hexdigest()[:32] != path.stem:
            continue  # damaged: its texts are encoded again
        arrays = load(raw)
        ends = np.cumsum(arrays["lengths"])
        for key, start, end in zip(arrays["keys"], ends - arrays["lengths"], ends, strict=True):
            if bytes(key) in wanted:
                yield bytes(key), arrays["vectors"][start:end]


def _write(folder: Path, keys: Sequence[bytes], vectors: Sequence[np.ndarray]) -> None:
    from safetensors.numpy import save

    raw = save(
        {
            "keys": np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(-1, 16),
            "lengths": np.array([len(v) for v in vectors], dtype=np.int64),
            "vectors": np.ascontiguousarray(np.concatenate(vectors), dtype=np.float16),
        }
    )
    path = folder / f"{hashlib.sha256(raw).hexdigest()[:32]}.safetensors"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(raw)
    except OSError as error:
        raise StoreError(
            f"the cache of words in {folder} cannot be written: {error}",
            "free some space, or set LABELWRIGHT_CACHE to another folder",
        ) from error
