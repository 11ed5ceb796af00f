"""Sourced facts, and the model held against them."""
