"""A model that leaves its campaign: a folder that stands by itself, and predictions from it.

The folder holds `model.safetensors` (all that was learned: the learner, what the encoder learned from the
pool, how vectors are scaled), `model.json` (what made it, what it reads, hashes), `task.json` (the
definition) and `README.md` (the model card). A pretrained encoder's own weights are not among them: they
are found again by their name, and refused where they are not the ones that the model was trained on.

Reading order: `manifest`, `folder` (on disk), `predictor` (load, predict), `packing` (from a campaign),
`card`, then `answers`, `reading` and `writing` (files in, predictions out).
"""
