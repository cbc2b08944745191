"""The language: text of a task file -> `Task` -> compiled artefacts. Pure functions throughout.

Nothing here reads data, starts a loop or knows a plug-in; what it needs to know of them is handed in.

In reading order. What is passed on: `tree`, `diagnostics`, `task`, `plugins`. Form, text to tree:
`reader` and what it imports, with `task.lark`. The words: `vocabulary`, `metrics`. Meaning, tree to
Task: `read` (the door), `lower`, `sections`, `unknown`, `blocks`, `classes`, `conditions`, `criteria`,
`measured`, `calls`, `forms`, `values`, `patterns`, `defaults`, all sharing a `context`. Sense: `checks`,
`checks_classes`, `checks_accept`, `bounds`, `spending`. Back to text: `show`, `printing`, `render`,
`suggest`. What changed: `definition`. What follows from a Task: `compile/`, `scaffold`.
"""
