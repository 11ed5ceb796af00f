"""The search for equilibrium prices as machine code, equal to the readable path of `sim.economics`.

`engine` is the way in. Equations, names and safeguards are those of
`sim.economics.first_order`, `capacity` and `fixed_point`; what differs is that markets are taken one by one,
that loops over segments are innermost and take eight at a time (`lanes`), and how exponentials are had (`demand`).
"""
