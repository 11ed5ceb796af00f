"""Look-ahead choices as machine code; `sim.choice.payoffs` is the readable path.

Python prepares tables once a run, a month and a lab (`tables`). Compiled code lays imagined markets out (`imagined`,
`game`, `rivals`), the solver of `sim.economics.compiled` finds their prices, and compiled code adds up what the firm
earns (`earned`). `engine` is the way in.
"""
