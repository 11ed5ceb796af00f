"""The month's identities as machine code; `sim.market.identities` has the readable path, which says what is wrong."""

from __future__ import annotations

from sim.economics.accounts import RELATIVE
from sim.economics.compiled.calls import inner
from sim.market.compiled.layout import Money, Sold, Stocks
from sim.world.setting import Array

_NOTHING = 1e-12
"""What is too little to count, as in `sim.economics.accounts`."""


@inner
def _at_most(used: float, stock: float) -> bool:
    return bool(used - stock * (1.0 + RELATIVE) <= _NOTHING)


@inner
def _balance(left: float, right: float, scale: float) -> bool:
    return bool(abs(left - right) <= RELATIVE * max(scale, _NOTHING))


@inner
def _cash(flows: Money, cash: Array) -> bool:
    """Whether cash changes by what flows."""
    stock, flow, gap = 0.0, 0.0, 0.0
    for i in range(len(cash)):
        income = flows.revenue[i] + flows.royalties_received[i] + flows.complement[i] + flows.funding[i]
        paid = (
            flows.royalties_paid[i] + flows.running[i] + flows.capex[i] + flows.staff[i] + flows.bring_up[i]
        )
        change, net = cash[i] - flows.cash_before[i], income - paid
        stock, flow = max(stock, abs(flows.cash_before[i])), max(flow, abs(net))
        gap += abs(change - net)  # a sum is stricter than the largest, and no number stays none
    return _balance(gap, 0.0, stock + flow)


@inner
def hold(shares: Array, limited: bool, sold: Sold, stocks: Stocks, flows: Money) -> bool:
    """Whether all identities of `sim.market.identities.check_accounts` hold.

    Parameters
    ----------
    shares
        (cohorts, offers).
    limited
        Whether firms keep no more TB/s busy than they have.
    """
    load, stock, tokens = stocks.load, stocks.bandwidth, flows.tokens
    spent, used, seller = sold.spent, sold.used, sold.seller
    for row in shares:
        total = 0.0
        for share in row:
            if not _at_most(-share, 0.0):
                return False
            total += share
        if not _at_most(total, 1.0):
            return False
    taken, served, paid, received = 0.0, 0.0, 0.0, 0.0
    for i in range(len(load)):
        if limited and not _at_most(load[i], stock[i]):
            return False
        taken += flows.revenue[i]
        served += tokens[i]
        paid += flows.royalties_paid[i]
        received += flows.royalties_received[i]
    money, use = 0.0, 0.0
    for j in range(len(seller)):
        money += spent[j]
        use += used[j]
        if seller[j] < 0:
            taken += spent[j]
            served += used[j]
    balanced = _balance(money, taken, money) and _balance(use, served, use)
    return balanced and _balance(paid, received, money) and _cash(flows, stocks.cash)
