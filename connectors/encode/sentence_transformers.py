"""Sentence encoders on the sentence-transformers library, from a folder of a model's files.

Only safetensors are loaded, and only the library's own modules: a model's folder can bring no code
and no pickle. Vectors are of unit length, computed in the number type that the machine is fast in: the
identity names it, so that vectors of one type are never taken for those of the other.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelwright.connectors.encode.inputs import texts
from labelwright.connectors.encode.machine import NumberType, number_type
from labelwright.connectors.encode.text_batches import batched, encode_batches, to_number_type
from labelwright.loop.errors import PluginError
from labelwright.loop.ports import Items, Progress

if TYPE_CHECKING:
    import numpy as np
    import torch

    from labelwright.loop.augment.tokens import Tokens

_MOST_TOKENS = 256
_CHARACTERS = 20_000
"""Of each text; 256 tokens never need more."""


@dataclass(eq=False)
class SentenceEncoder:
    """Texts to vectors by the model in `folder`; `name` is what people call it."""

    name: str
    folder: Path
    columns: tuple[str, ...]
    progress: Progress
    fitted: bool = field(default=False, init=False)

    @property
    def identity(self) -> str:
        """The model's, and the columns."""
        return f"{self.model_identity} of " + ",".join(self.columns)

    @cached_property
    def model_identity(self) -> str:
        """Model and the hash of its files, library, number type, tokens."""
        return (
            f"{self.name} {digest(self.folder)} sentence-transformers={_library().__version__} "
            f"numbers={self.number_type} tokens<={_MOST_TOKENS} in batches of fixed shapes, unit length"
        )

    @cached_property
    def number_type(self) -> NumberType:
        """What the transformer computes in here."""
        import torch

        return number_type(torch.device("cuda" if torch.cuda.is_available() else "cpu"))

    def fit(self, items: Items) -> None:
        """Nothing: the model is learned already."""

    def encode(self, items: Items) -> np.ndarray:
        """(n_items, dim) float32, unit length."""
        return self.encode_texts(texts(items, self.columns))

    def encode_texts(self, documents: Sequence[str]) -> np.ndarray:
        """(n_texts, dim) float32, unit length: the same for texts that are no items."""
        documents = [text[:_CHARACTERS] for text in documents]
        if batched(self.model):
            return encode_batches(self.model, documents)
        vectors: np.ndarray = self.model.encode(
            documents, convert_to_numpy=True, normalize_embeddings=True, show_progress_bar=False
        )
        return vectors.reshape(len(documents), -1)

    def inputs(self, items: Items) -> np.ndarray:
        """(n_items, longest) int32 token ids: what `network` reads."""
        from labelwright.connectors.encode.text_network import token_ids

        documents = [text[:_CHARACTERS] for text in texts(items, self.columns)]
        return token_ids(self._model, documents, self.name)

    @property
    def word_identity(self) -> str:
        """What `word_vectors` depend on, beside texts and places."""
        return f"words 1, upper half of {self.identity.partition(' unit length of ')[0]}"

    def word_vectors(
        self, documents: Sequence[str], places: Sequence[np.ndarray]
    ) -> list[np.ndarray]:
        """(n_words, width) float16 for each text: see `word_vectors.word_vectors`."""
        from labelwright.connectors.encode.word_vectors import word_vectors

        return word_vectors(self.model, documents, places, self.name)

    @cached_property
    def tokens(self) -> Tokens:
        """What augmentations need to know of token ids."""
        from labelwright.connectors.encode.text_network import padding, token_ids
        from labelwright.loop.augment.tokens import Tokens

        padding(self._model, self.name)
        return Tokens.of(
            self._model.tokenizer, lambda said: token_ids(self._model, said, self.name)
        )

    def network(self, seed: int) -> torch.nn.Module:
        """A new network with the model's weights; `seed` decides nothing, for it has all of them."""
        from labelwright.connectors.encode.text_network import TextNetwork, padding

        model = self._load()
        return TextNetwork(model, padding(model, self.name))

    @cached_property
    def _model(self) -> Any:
        return self._load()

    @cached_property
    def model(self) -> Any:
        """The model in the number type that it encodes in."""
        model = self._load()
        to_number_type(model, self.number_type)
        return model

    def _load(self) -> Any:
        library = _library()
        refuse_foreign_parts(self.folder, self.name)
        try:
            with _without_bars():
                model = library.SentenceTransformer(
                    str(self.folder),
                    trust_remote_code=False,
                    local_files_only=True,
                    model_kwargs={"use_safetensors": True, "dtype": "float32"},
                )
        except Exception as error:  # whatever a damaged model makes the libraries raise
            raise PluginError(
                f"the model {self.name} cannot be loaded: {type(error).__name__}: {error}",
                f"look at its files in {self.folder}; a download may have been cut short",
            ) from error
        model.max_seq_length = min(model.max_seq_length or _MOST_TOKENS, _MOST_TOKENS)
        return model.eval()


@contextmanager
def _without_bars() -> Iterator[None]:
    """transformers draws a bar while it loads, also into a pipe; progress is ours to show."""
    logging: Any = importlib.import_module("transformers.utils.logging")
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _library() -> Any:
    try:
        import sentence_transformers
    except ImportError as error:
        raise PluginError(
            "this encoder needs the package sentence-transformers, which is not installed",
            "run `pip install labelwright[text]`",
        ) from error
    return sentence_transformers


def refuse_foreign_parts(folder: Path, name: str) -> None:
    """Refuse a model that would load code or pickles. Raises PluginError."""
    if not any(folder.rglob("*.safetensors")):
        raise PluginError(
            f"the model {name} has no safetensors file in {folder}",
            "choose a model that is published as safetensors; pickles are not loaded",
        )
    for weights in sorted(folder.rglob("pytorch_model*.bin")):
        if not any(weights.parent.glob("*.safetensors")):
            raise PluginError(
                f"a part of the model {name} is a pickle: {weights.relative_to(folder)}",
                "choose a model that is published as safetensors; pickles are not loaded",
            )
    modules = folder / "modules.json"
    if not modules.exists():
        return
    try:
        kinds = [str(part["type"]) for part in json.loads(modules.read_text("utf-8"))]
    except (ValueError, TypeError, KeyError) as error:
        raise PluginError(
            f"the model {name} has a broken modules.json: {error}", f"look into {folder}"
        ) from error
    for kind in kinds:
        if not kind.startswith("sentence_transformers."):
            raise PluginError(
                f"the model {name} brings code of its own: {kind}",
                "choose a model made of sentence-transformers' own modules",
            )


def digest(folder: Path) -> str:
    """Hash over what the model computes with: weights, settings, tokenizer."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".safetensors", ".json", ".txt", ".model") and path.is_file():
            whole.update(path.relative_to(folder).as_posix().encode() + b"\0")
            with path.open("rb") as file:
                whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()[:32]
