"""Encoders: items to vectors, (n_items, dim) float32.

Each of `tfidf`, `table`, `pixels` (they learn from the pool) and `minilm`, `pretrained` (they do
not, and their vectors are cached item by item in `connectors.encode_cache`) is one plug-in of the
kind `labelwright.encode`, a function of the module's name that returns a `loop.ports.Encoder`.

The columns are those of the task's data block. Reading order: `inputs`, `tfidf`, `table`, `pixels`,
`sentence_transformers` (shared by the next two), `minilm`, `pretrained`.
"""
