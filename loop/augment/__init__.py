"""Augmentation: changes of an item that leave its label as it is.

Plug-ins of the group `labelwright.augment` (`train { augment = [crop, flip] }`). Read `change` (what one is),
`pictures`, `randaugment`, `text`, `rewriting`, `tables` (what there is), `defaults` (what is done where a
task names none), and `views` (how they reach a network: as a weak and a strong view of a batch).
"""
