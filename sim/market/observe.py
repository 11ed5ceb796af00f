"""Indicators of a month, written into the record."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from sim.economics.accounts import require_at_most, require_equal
from sim.economics.indicators import concentration, lag_months, ratio
from sim.market.trade import Books, Sales, totals
from sim.record import MODES
from sim.technology.chips import DOMESTIC, OFFSHORE, SMUGGLED
from sim.technology.units import H100_BANDWIDTH, H100_TFLOPS, THOUSAND
from sim.world.setting import API, FLAGSHIP, SMALL, Array, Flags
from sim.world.state import NEVER

if TYPE_CHECKING:
    from sim.market import Market

OPEN_FLAGSHIP = MODES.index("open_restricted")
CHOICES_REMEMBERED = 12
"""Months over which the propensity to open is averaged."""


def observe(market: Market, sales: Sales, books: Books) -> None:
    """8. Indicators are recorded; the month's identities are checked first."""
    check_accounts(market, sales, books)
    _usage(market, sales)
    _labs(market, sales, books)
    _clouds(market, sales, books)
    world = len(market.setting.regions)
    for region in range(world + 1):
        _demand_side(market, sales, region)
        _supply_side(market, sales, books, region)


def check_accounts(market: Market, sales: Sales, books: Books) -> None:
    """Identities of the month (verification case V15).

    Raises
    ------
    AccountError
        Naming the identity, the entity and the month.
    """
    setting, today = market.setting, market.setting.months[market.month]
    firms = setting.firms
    who = zip(setting.cohorts.segment, setting.cohorts.region, strict=True)
    cohorts = [f"{setting.segments[segment]} in {setting.regions[region]}" for segment, region in who]
    total = sales.shares.sum(axis=1)
    require_at_most("shares add up to more than 1", cohorts, today, total, np.ones(len(total)))
    negative = -sales.shares.min(axis=1, initial=0.0)
    require_at_most("a negative share", cohorts, today, negative, np.zeros(len(total)))
    if market.scenario.mechanisms.serving_capacity:
        require_at_most("serving compute beyond stock", firms, today, sales.load, market.state.bandwidth)

    def balance(what: str, left: float, right: float, scale: float) -> None:
        require_equal(what, ["the market"], today, np.array([left]), np.array([right]), scale)

    spent, used = float(sales.spending.sum()), float(sales.tokens.sum())
    alone = sales.deal.seller < 0
    self_spent, self_used = float(sales.spending[:, alone].sum()), float(sales.tokens[:, alone].sum())
    balance(
        "customers' spending = revenue + self-hosting", spent, float(books.revenue.sum()) + self_spent, spent
    )
    balance("tokens bought = tokens sold + self-hosted", used, float(books.tokens.sum()) + self_used, used)
    balance(
        "royalties paid = received",
        float(books.royalties_paid.sum()),
        float(books.royalties_received.sum()),
        spent,
    )
    flows = (
        books.revenue
        + books.royalties_received
        + books.complement
        + books.funding
        - books.royalties_paid
        - books.running
        - books.capex
        - books.staff
        - books.bring_up
    )
    scale = float(np.abs(books.cash_before).max() + np.abs(flows).max())
    change = market.state.cash - books.cash_before
    require_equal("cash change = flows", firms, today, change, flows, scale)


def _usage(market: Market, sales: Sales) -> None:
    """Customers, tokens and spending by segment, region and kind of offer."""
    setting, t = market.setting, market.month
    cohorts, offers = setting.cohorts, sales.offers
    if not len(offers):
        return
    channel = np.where(offers.channel == API, 0, np.where(offers.channel == setting.self_hosting, 2, 1))
    regions = len(setting.regions)
    kind = (offers.open_ * regions + setting.lab_region[offers.lab]) * 3 + channel
    kinds = 2 * regions * 3
    people = (cohorts.customers * market.state.adopted)[:, None] * sales.shares
    onto = np.zeros((len(offers), kinds))
    onto[np.arange(len(offers)), kind] = 1.0
    row = cohorts.region * len(setting.segments) + cohorts.segment
    rows = np.zeros((regions * len(setting.segments), len(cohorts)))
    rows[row, np.arange(len(cohorts))] = 1.0
    for name, values in (("customers", people), ("tokens", sales.tokens), ("spending", sales.spending)):
        market.record.usage[name][t] = (rows @ (values @ onto)).reshape(market.record.usage[name][t].shape)


def _labs(market: Market, sales: Sales, books: Books) -> None:
    """One row a lab."""
    setting, state, row = (
        market.setting,
        market.state,
        {k: v[market.month] for k, v in market.record.labs.items()},
    )
    n = len(setting.labs)
    own, made, _ = sales.use_by_lab(setting)
    row["active"][:] = state.active
    seen = state.released > NEVER
    row["mode"][:] = np.where(seen, state.mode, np.nan)
    row["capability"][:] = np.where(seen, _finite(state.capability[:, FLAGSHIP]), np.nan)
    row["capability_open"][:] = _finite(state.open_capability.max(axis=1))
    row["algorithm"][:] = np.where(state.active, state.algorithm, np.nan)
    row["compute_training"][:] = state.training[:n] / H100_TFLOPS / THOUSAND
    row["compute_serving"][:] = state.bandwidth[:n] / H100_BANDWIDTH / THOUSAND
    row["capacity_use"][:] = state.use[:n]
    for tier, label in ((FLAGSHIP, "flagship"), (SMALL, "small")):
        at = (sales.offers.channel == API) & (sales.offers.tier == tier)
        row[f"price_{label}"][sales.offers.lab[at]] = sales.prices[at]
        if tier == FLAGSHIP:
            row["cost_flagship"][sales.offers.lab[at]] = sales.deal.cost[at]
    row["tokens"][:], row["tokens_hosted"][:] = own, made - own
    row["revenue"][:] = books.revenue_own[:n]
    row["revenue_hosting"][:] = (books.revenue - books.revenue_own)[:n]
    row["serving_cost"][:] = books.full_cost[:n]
    with np.errstate(divide="ignore", invalid="ignore"):
        row["gross_margin"][:] = np.where(
            books.revenue[:n] > 0,
            (books.revenue - books.full_cost - books.royalties_paid)[:n] / books.revenue[:n],
            np.nan,
        )
    row["royalties_received"][:], row["royalties_paid"][:] = (
        books.royalties_received[:n],
        books.royalties_paid[:n],
    )
    row["complement_profit"][:], row["funding"][:] = books.complement[:n], books.funding[:n]
    row["capex"][:], row["staff"][:], row["cash"][:] = books.capex[:n], books.staff[:n], state.cash[:n]


def _clouds(market: Market, sales: Sales, books: Books) -> None:
    """One row a cloud."""
    setting, state, row = (
        market.setting,
        market.state,
        {k: v[market.month] for k, v in market.record.clouds.items()},
    )
    clouds = len(setting.clouds)
    if not clouds:
        return
    hosted = (sales.offers.channel > API) & (sales.offers.channel < setting.self_hosting)
    by = sales.offers.channel[hosted] - 1

    def add(values: Array) -> Array:
        return totals(by, values[hosted], clouds)

    tokens, spent = sales.tokens.sum(axis=0), sales.spending.sum(axis=0)
    row["hosted"][:] = state.hosted.sum(axis=(1, 2))
    row["tokens"][:], row["revenue"][:] = add(tokens), add(spent)
    row["serving_cost"][:] = add(sales.deal.cost * tokens)
    row["royalties_paid"][:] = add(sales.deal.royalty * spent)
    row["bring_up_cost"][:] = books.bring_up[setting.cloud_firm]
    with np.errstate(divide="ignore", invalid="ignore"):
        profit = row["revenue"] - row["serving_cost"] - row["royalties_paid"]
        row["gross_margin"][:] = np.where(row["revenue"] > 0, profit / row["revenue"], np.nan)
    row["compute_serving"][:] = state.bandwidth[setting.cloud_firm] / H100_BANDWIDTH / THOUSAND
    row["capacity_use"][:], row["cash"][:] = state.use[setting.cloud_firm], state.cash[setting.cloud_firm]


def _demand_side(market: Market, sales: Sales, region: int) -> None:
    """What customers of a region (or all) use and pay."""
    setting, state, t = market.setting, market.state, market.month
    cohorts, offers, m = setting.cohorts, sales.offers, market.record.market
    world = region == len(setting.regions)
    rows = np.ones(len(cohorts), dtype=bool) if world else cohorts.region == region
    potential = cohorts.spending * cohorts.growth ** setting.years[t]
    m["adoption"][t, region] = ratio(
        float((potential * state.adopted)[rows].sum()), float(potential[rows].sum())
    )
    tokens, spent = sales.tokens[rows], sales.spending[rows]
    used, paid = float(tokens.sum()), float(spent.sum())
    m["tokens"][t, region], m["spending"][t, region] = used, paid
    if not len(offers):
        return
    open_, origin = offers.open_, setting.lab_region[offers.lab]
    tokens_open, paid_open = float(tokens[:, open_].sum()), float(spent[:, open_].sum())
    m["open_token_share"][t, region] = ratio(tokens_open, used)
    m["open_spending_share"][t, region] = ratio(paid_open, paid)
    foreign = origin[None, :] != cohorts.region[rows][:, None]
    m["foreign_token_share"][t, region] = ratio(float((tokens * foreign).sum()), used)
    all_tokens = sales.tokens.sum(axis=0)
    m["lab_token_share"][t, region] = (
        1.0 if world else ratio(float(all_tokens[origin == region].sum()), float(all_tokens.sum()))
    )
    closed = ~open_  # not the rest, which would be rounding errors where all is open
    m["price_closed"][t, region] = ratio(float(spent[:, closed].sum()), float(tokens[:, closed].sum()))
    m["price_open"][t, region] = ratio(paid_open, tokens_open)
    on_sale = tokens.sum(axis=0) > 0
    if on_sale.any():
        api = on_sale & (offers.channel == API)
        if api.any():
            best = int(np.argmax(np.where(api, offers.capability, -np.inf)))
            m["price_flagship"][t, region] = sales.prices[best]
        enough = on_sale & (offers.capability >= market.scenario.technology.reference_capability)
        if enough.any():
            m["price_fixed"][t, region] = sales.prices[enough].min()
    by_lab = totals(offers.lab, spent.sum(axis=0), len(setting.labs))
    m["concentration"][t, region] = concentration(by_lab[by_lab > 0.0])
    if sales.equilibrium is not None:
        worth = sales.equilibrium.consumer_surplus[rows]
        m["consumer_surplus"][t, region] = float((market.weights()[rows] * worth).sum())
    wanted = sales.demanded * ratio_of(tokens.sum(axis=0), all_tokens)
    m["served"][t, region] = ratio(used, float(wanted.sum()))


def ratio_of(part: Array, whole: Array) -> Array:
    """Elementwise share; 0 of nothing."""
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), 0.0)


def _supply_side(market: Market, sales: Sales, books: Books, region: int) -> None:
    """What labs, clouds and compute of a region (or all) are."""
    setting, state, t, m = market.setting, market.state, market.month, market.record.market
    world = region == len(setting.regions)
    labs = np.ones(len(setting.labs), dtype=bool) if world else setting.lab_region == region
    firms = np.ones(len(setting.firm_region), dtype=bool) if world else setting.firm_region == region
    released = labs & (state.released > NEVER)
    _capabilities(market, region, released)
    working = released & state.active
    m["labs"][t, region] = float((labs & state.active).sum())
    m["open_labs"][t, region] = ratio(
        float((working & (state.mode >= OPEN_FLAGSHIP)).sum()), float(working.sum())
    )
    m["open_propensity"][t, region] = _propensity(market, region)

    spent, tokens = sales.spending.sum(axis=0), sales.tokens.sum(axis=0)
    gross = spent * (1.0 - sales.deal.royalty) - sales.deal.cost * tokens
    own = sales.deal.seller == sales.offers.lab
    mine = labs[sales.offers.lab] & own
    for label, which in (("closed", mine & ~sales.offers.open_), ("open", mine & sales.offers.open_)):
        m[f"margin_{label}"][t, region] = ratio_or_nan(float(gross[which].sum()), float(spent[which].sum()))
    hosted = (sales.deal.seller >= 0) & ~own
    hosted[hosted] = firms[sales.deal.seller[hosted]]
    m["margin_clouds"][t, region] = ratio_or_nan(float(gross[hosted].sum()), float(spent[hosted].sum()))
    m["profit_labs"][t, region] = float(gross[mine].sum() + fsum(books.royalties_received[firms]))
    m["profit_clouds"][t, region] = float(gross[hosted].sum())
    m["chip_spending"][t, region] = fsum(books.capex[firms])

    m["compute_training"][t, region] = fsum(state.training[firms]) / H100_TFLOPS / THOUSAND
    m["compute_serving"][t, region] = fsum(state.bandwidth[firms]) / H100_BANDWIDTH / THOUSAND
    stock = np.array([fsum(channel) for channel in state.raw_flops[firms].T]) / H100_TFLOPS / THOUSAND
    m["compute"][t, region] = stock.sum()
    m["compute_smuggled"][t, region] = stock[SMUGGLED]
    m["compute_domestic"][t, region], m["compute_offshore"][t, region] = stock[DOMESTIC], stock[OFFSHORE]
    m["capacity_use"][t, region] = ratio(fsum(sales.load[firms]), fsum(state.bandwidth[firms]))
    flop_price = float(market.flop_price.min() if world else market.flop_price[region])
    m["price_residual"][t, region] = 0.0 if sales.equilibrium is None else float(sales.equilibrium.residual)
    m["flop_price"][t, region] = flop_price if np.isfinite(flop_price) else np.nan
    m["bandwidth_price"][t, region] = (
        market.bandwidth_price.min() if world else market.bandwidth_price[region]
    )
    if not world:
        m["shortfall"][t, region] = state.shortfall[region]


def ratio_or_nan(part: float, whole: float) -> float:
    """A margin; NaN where there was no revenue to speak of (under a dollar)."""
    return part / whole if whole > 1.0 else float("nan")


def _capabilities(market: Market, region: int, released: Flags) -> None:
    """Frontiers never fall: the best so far, and how long ago the world (or the region) stood there."""
    state, t, m = market.state, market.month, market.record.market
    closed = state.mode < OPEN_FLAGSHIP
    now = {
        "capability": np.where(
            released, np.maximum(state.capability[:, FLAGSHIP], state.open_capability.max(axis=1)), -np.inf
        ),
        "capability_open": np.where(released, state.open_capability.max(axis=1), -np.inf),
        "capability_closed": np.where(released & closed, state.capability[:, FLAGSHIP], -np.inf),
    }
    for name, values in now.items():
        before = m[name][t - 1, region] if t else np.nan
        m[name][t, region] = _best(before, values)
    frontier = np.fmax.reduce(m["capability"][: t + 1], axis=1)
    m["lag"][t, region] = lag_months(float(m["capability"][t, region]), frontier)
    m["lag_open"][t, region] = lag_months(
        float(m["capability_open"][t, region]), m["capability"][: t + 1, region]
    )


def _best(before: float, values: Array) -> float:
    """Running best; NaN until there is one."""
    best = max(float(values.max(initial=-np.inf)), before if np.isfinite(before) else -np.inf)
    return best if np.isfinite(best) else float("nan")


def _propensity(market: Market, region: int) -> float:
    """Mean probability of opening the flagship in the choices of the last months."""
    world = region == len(market.setting.regions)
    name = "" if world else market.setting.regions[region]
    odds = []
    for row in reversed(market.record.decisions):
        if row["month"] <= market.month - CHOICES_REMEMBERED:
            break
        if not row["forced"] and (world or row["region"] == name):
            odds.append(row["open_probability"] + row["open_restricted_probability"])
    return float(np.mean(odds)) if odds else float("nan")


def _finite(values: Array) -> Array:
    return np.where(np.isfinite(values), values, np.nan)
