"""What people have already, as the beginning of a task file.

Reading order: `found` (what an import says), `door` (which reader reads a file), then the readers:
`label_studio` with `markup` and `choices`, `hugging_face` with `front_matter`, `lists`. Then what
labelled data add: `counted` (a label column), `exemplars` (examples and counterexamples), `mining`
with `candidates` (rules), brought together in `labelled`. Nothing here decides what a class means:
that is left for a person to write.
"""
