"""What changed between two definitions of a task, as data. Pure functions.

Reading order: `pairing` (what each class was before), `changes` (what a change is), `settings`
(blocks, rules, criteria), `classes`, `alike` (a removal and an addition that look like one another),
`whole` (all of it: `diff`).
"""
