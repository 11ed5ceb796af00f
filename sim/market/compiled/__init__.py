"""Loops of `sim.market` as machine code.

`trade` has those of a month's trade, `investment`, `learning` and `settlement` theirs; `month` writes all down, with
`firms`, `regions` and `identities`.
"""
