"""The language: text of a task file -> `Task` -> compiled artefacts. Pure functions throughout.

Nothing here reads data, starts a loop or knows a plug-in; what it needs to know of them is handed in.

In reading order. What is passed on: `tree`, `diagnostics`, `task`, `plugins`. Form, text to tree:
`reader` and what it imports, with `task.lark`. The words: `vocabulary`, `metrics`. Meaning, tree to
Task: `read` (the door), `lower`, `sections`, `unknown`, `blocks`, `classes`, `conditions`, `criteria`,
`measured`, `calls`, `forms`, `values`, `patterns`, `defaults`, all sharing a `context`. Sense: `checks`,
`checks_classes`, `checks_accept`, `checks_rules`, `bounds`, `spending`. Doubts: `lints/`, which may know
`surroundings`. Back to text: `show`, `printing`, `render`, `suggest`, `format/`. What changed: `definition`,
`diff/`. What follows from a Task: `compile/`, `scaffold`. For people who write: `explaining` with `codes/`,
`glossary`, `highlight`, `lsp/`.
"""
