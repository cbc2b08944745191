"""Annotators: where people's answers come from. `simulate`: people who are made up, for rehearsals.

Each module is one plug-in of the kind `labelwright.annotate`, a function of the module's name that
returns a `loop.ports.AnnotatorSource`.
"""
