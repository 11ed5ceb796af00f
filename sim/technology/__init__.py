"""Chips, training and serving as pure functions on arrays: no agent, no scenario, no firm's name."""
