"""The language server's rooms: from a text that somebody is typing to what their editor shows.

Reading order. The text: `positions` (UTF-16), `documents`, `outline` (blocks and statements of a text
that may be broken), `names`. The text as it was read: `view`, `mentions` (every word and what it
names). Answers, one kind a file: `findings`, `words` and `hover`, `complete` with `offers`, `items`,
`complete_values` and `complete_tests`, `navigate`, `rename`, `actions`, `formatting`, `structure`,
`colours`. The server: `desk` (open documents, the newest version read), `server`, `features`
(the wiring), `serving` (stdin and stdout, or a port).

Only this folder uses pygls and lsprotocol. It fetches nothing: plug-ins and what is known of the data
are handed in by the command.
"""
