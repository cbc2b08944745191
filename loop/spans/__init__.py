"""Marked parts of texts as a model learns them: tokens, tags, features, a chain over the tags.

Reading order: `words` (a text's tokens), `bio` (marks as tags, and back), `tokens` (an item as a tagger
reads it), `kept` (vectors of words on disk), `surface` (what a token looks like), `crf` (the chain),
`posterior` (from the chain to spans).
"""
