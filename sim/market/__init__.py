"""The market as a Mesa model: the schedule of a month, the month's trade, what is written down."""

from sim.market.model import Market

__all__ = ["Market"]
