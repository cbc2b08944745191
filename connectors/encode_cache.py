"""Vectors kept by content: an item is encoded once, whatever task asks for it.

`<cache>/embeddings/<hash of the encoder's identity>/` holds shards of at most 2,048 vectors:
`X.keys.npy` (content hashes), `X.vectors.npy` and, written last, `X.json` with the SHA-256 of both.
Each file is written to a temporary name, fsynced and renamed, so that a killed run loses one shard
at most and two runs at a time do each other no harm. A shard that does not match its hashes is not
used: its items are encoded again.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from labelwright.loop.errors import PluginError, StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from labelwright.loop.ports import Progress

SHARD = 2048
_KEY = 16


class Keyed(Protocol):
    """What the cache needs to know of things to encode; `ports.Items` are such."""

    @property
    def contents(self) -> np.ndarray:
        """What their vectors hang on, hashed, (n, 16) uint8."""

    def __len__(self) -> int: ...

    def take(self, rows: Sequence[int] | np.ndarray) -> Self:
        """Those at these positions."""


class Encodes(Protocol):
    """What the cache needs of an encoder: it encodes what is looked up, whatever that is."""

    @property
    def identity(self) -> str: ...

    @property
    def fitted(self) -> bool: ...

    def encode(self, items: Any) -> np.ndarray: ...


def encode_cached(
    encoder: Encodes, items: Keyed, cache_dir: Path, progress: Progress
) -> np.ndarray:
    """The items' vectors, (n_items, dim) float32, from the cache as far as they are there.

    An encoder that learned from the pool (`fitted`) is asked directly; of one that is made of others
    (`encode_by`), these are looked up each by itself. Raises what the encoder
    raises, PluginError where its vectors are not what they should be, StoreError where the cache
    cannot be written.
    """
    import numpy as np

    if (encode_by := getattr(encoder, "encode_by", None)) is not None:  # made of other encoders
        made = encode_by(lambda part, some: encode_cached(part, some, cache_dir, progress), items)
        return _checked(made, len(items), encoder.identity)
    if encoder.fitted:
        return _checked(encoder.encode(items), len(items), encoder.identity)
    folder = cache_dir / "embeddings" / hashlib.sha256(encoder.identity.encode()).hexdigest()[:32]
    keys, first, inverse = np.unique(
        _as_keys(items.contents), return_index=True, return_inverse=True
    )
    inverse = inverse.reshape(-1)
    vectors: np.ndarray | None = None
    have = np.zeros(len(keys), dtype=bool)
    for shard_keys, shard in _shards(folder, keys):
        if vectors is None:
            vectors = np.zeros((len(keys), shard.shape[1]), dtype=np.float32)
        rows, found = _places(keys, shard_keys)
        vectors[rows[found]] = shard[found]
        have[rows[found]] = True
    missing = np.flatnonzero(~have)
    missing = missing[np.argsort(first[missing], kind="stable")]  # in the items' order
    done = len(keys) - len(missing)
    for start in range(0, len(missing), SHARD):
        part = missing[start : start + SHARD]
        made = _checked(encoder.encode(items.take(first[part])), len(part), encoder.identity)
        if vectors is None:
            vectors = np.zeros((len(keys), made.shape[1]), dtype=np.float32)
        vectors[part] = made
        _write(folder, encoder.identity, keys[part], made)
        done += len(part)
        progress("encoding", done, len(keys))
    if vectors is None:
        return _checked(encoder.encode(items), 0, encoder.identity)
    return vectors if np.array_equal(inverse, np.arange(len(keys))) else vectors[inverse]


def _checked(vectors: np.ndarray, n: int, identity: str) -> np.ndarray:
    import numpy as np

    if vectors.ndim != 2 or len(vectors) != n or not np.isfinite(vectors).all():
        raise PluginError(
            f"the encoder ({identity}) gave vectors of shape {vectors.shape} for {n} items, "
            "or numbers that are not finite",
            "tell its author; choose another encoder",
        )
    return np.ascontiguousarray(vectors, dtype=np.float32)


def _as_keys(contents: np.ndarray) -> np.ndarray:
    """(n, 16) uint8 as (n,) strings of 16 bytes, which sort and search fast."""
    import numpy as np

    return np.ascontiguousarray(contents, dtype=np.uint8).view(f"S{_KEY}").reshape(-1)


def _places(keys: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each of `wanted` lies in the sorted `keys`, and whether it does."""
    import numpy as np

    rows = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return rows, keys[rows] == wanted


# --- files ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Manifest:
    keys: str
    vectors: str

    @classmethod
    def read(cls, path: Path) -> _Manifest | None:
        try:
            found = json.loads(path.read_bytes())
            return cls(str(found["keys"]), str(found["vectors"]))
        except (OSError, ValueError, TypeError, KeyError):
            return None  # not a shard: its items are encoded again


def _shards(folder: Path, keys: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Keys and vectors of every whole shard that holds one of `keys`."""
    if not len(keys):
        return
    dim: int | None = None
    for path in sorted(folder.glob("*.json")):
        manifest = _Manifest.read(path)
        if manifest is None:
            continue
        shard_keys = _array(path.with_suffix(".keys.npy"), manifest.keys)
        if shard_keys is None or shard_keys.ndim != 2 or shard_keys.shape[1] != _KEY:
            continue
        as_keys = _as_keys(shard_keys)
        if not _places(keys, as_keys)[1].any():
            continue
        vectors = _array(path.with_suffix(".vectors.npy"), manifest.vectors)
        if vectors is None or vectors.ndim != 2 or len(vectors) != len(as_keys):
            continue
        if dim not in (None, vectors.shape[1]):
            continue
        dim = vectors.shape[1]
        yield as_keys, vectors


def _array(path: Path, sha256: str) -> np.ndarray | None:
    """The array in the file, or None where the file is not what was written."""
    import numpy as np

    try:
        raw = path.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(raw).hexdigest() != sha256:
        return None
    array: np.ndarray = np.load(io.BytesIO(raw), allow_pickle=False)
    return array


def _write(folder: Path, identity: str, keys: np.ndarray, vectors: np.ndarray) -> None:
    import numpy as np

    raw_keys = _npy(keys.view(np.uint8).reshape(-1, _KEY))
    raw_vectors = _npy(vectors)
    name = hashlib.sha256(raw_keys).hexdigest()[:32]
    manifest = {
        "identity": identity,
        "keys": hashlib.sha256(raw_keys).hexdigest(),
        "vectors": hashlib.sha256(raw_vectors).hexdigest(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(folder / f"{name}.keys.npy", raw_keys)
        replace_file(folder / f"{name}.vectors.npy", raw_vectors)
        replace_file(folder / f"{name}.json", json.dumps(manifest, ensure_ascii=False).encode())
        _sync_folder(folder)
    except OSError as error:
        raise StoreError(
            f"the cache of embeddings in {folder} cannot be written: {error}",
            "free some space, or set LABELWRIGHT_CACHE to another folder",
        ) from error


def _npy(array: np.ndarray) -> bytes:
    import numpy as np

    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def replace_file(path: Path, raw: bytes) -> None:
    """Write the file under a temporary name, onto the disk, and give it its own."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
