"""The language: text of a task file -> `Task` -> compiled artefacts. Pure functions throughout.

Nothing here reads data, starts a loop or knows a plug-in; what it needs to know of them is handed in.
"""
