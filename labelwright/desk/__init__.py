"""The desk at which somebody labels in a terminal, one item after another.

In reading order: `queue` (what is open to whom), `keymap` (which key means what), `tokens` (parts of a
text by number), `draft` (an answer in the making), `session` (the person's whole sitting: what each key
does to the store). These know no terminal. Then `said` (the words), `card` (an item as it is shown),
`picture`, `guide`, `screen` (what is drawn), `keys` (keys as a terminal sends them), `sitting` (all of it
together). `labelwright.labelling` opens a campaign for it.
"""
