"""Loops of `sim.market` as machine code.

`trade` has those of a month's trade, `firms` and `regions` those of what is written down.
"""
