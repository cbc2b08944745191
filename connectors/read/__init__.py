"""Data sources: files under the data root, and the data sets that scikit-learn carries.

Each module is one plug-in of the kind `labelwright.read`, a function of the module's name that
returns a `loop.ports.Source`. A row is good or bad whatever columns are asked for, so that two
readings of one source give the same rows; bad ones go to `faults`, none is dropped unseen. Reading
is streamed: what is held in memory does not grow with the number of rows.

Left out: item ids, duplicates, conditions (the engine's work), and pictures' pixels in files
(`connectors.pictures`).

Reading order: `columns` (what all sources share), `lines`, `numbers`, `csv`, `jsonl`, `parquet`,
`npz`, `images`, `bundled`.
"""
