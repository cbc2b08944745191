"""labelwright: define a labelling task in one file; get labels, a model and an honest verdict from it."""

__version__ = "0.1.0"
