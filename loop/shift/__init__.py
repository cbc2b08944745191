"""Whether parts of the data differ, and which parts of the pool were never asked.

Reading order: `two_sample` (vectors: can a classifier tell two parts apart), `columns` (lengths and scripts
of texts, columns of tables), `classes` (class shares from predictions), `levels` (several tests, several
looks), `regions` (the pool cut into regions, on a plane), `naming` (what a region is called), `records`
(what was found), `words` (in words), and the two that ask a campaign: `comparing` and `covering`. Left
out: what to do about it.
"""
