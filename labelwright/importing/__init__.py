"""What people have already, as the beginning of a task file.

Reading order: `found` (what an import says), `door` (which reader reads a file), then the readers:
`label_studio` (with `markup`), `hugging_face` (with `front_matter`), `lists`; then what labelled data
add: `exemplars` (examples and counterexamples) and `mining` (rules). Nothing here decides what a
class means: that is left for a person to write.
"""
