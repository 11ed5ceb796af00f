"""Loops of `sim.market` as machine code.

`trade` has those of a month's trade, `investment` and `settlement` those of its money; `month` writes all down, with
`firms`, `regions` and `identities`.
"""
