"""The outside: data sources, encoders, annotators, each behind a protocol of `loop.ports`.

Reading order: `paths` and `pictures` (what task files may reach, pictures as arrays), `read/`,
`encode/` with `encode_cache`, `annotate/`.
"""
