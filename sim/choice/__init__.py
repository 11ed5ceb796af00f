"""How a lab chooses a release mode: the payoffs of the modes, and the rules that choose among them.

Nothing here knows Mesa. A rule of one's own is any callable with the signature of `sim.choice.rules.Rule`, named
in a scenario as `package.module:name`.
"""
