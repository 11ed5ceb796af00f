"""Economics on arrays: demand, equilibrium prices, adoption. Nothing here knows an agent or a scenario."""

from sim.economics.adoption import bass_adoption, bass_hazard, bass_peak, bass_step, reconsider
from sim.economics.checks import InputError
from sim.economics.demand import choice_shares, consumer_surplus, inclusive_value
from sim.economics.equilibrium import Equilibrium, EquilibriumError, EquilibriumWarning
from sim.economics.prices import PriceProblem, solve_prices

__all__ = [
    "Equilibrium",
    "EquilibriumError",
    "EquilibriumWarning",
    "InputError",
    "PriceProblem",
    "bass_adoption",
    "bass_hazard",
    "bass_peak",
    "bass_step",
    "choice_shares",
    "consumer_surplus",
    "inclusive_value",
    "reconsider",
    "solve_prices",
]
