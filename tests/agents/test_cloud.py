"""A cloud: hosts what pays, drops what does not, and keeps to licences."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.cloud import expected_margins, hostable, review
from sim.economics import choice_shares
from sim.world.offers import current_offers
from sim.world.setting import FLAGSHIP, SMALL
from sim.world.tastes import quality, taste
from sim.world.terms import terms

LEADER, OPENER, EASTERN, MODEST = range(4)
BIGCLOUD, HOST, EASTCLOUD = range(3)
COST = {"hosting.bring_up_cost": 1e6, "hosting.catalogue": 8}


@pytest.fixture
def margin():
    """Expected margins: `host` can have nothing but what a test says, others nothing."""

    def build(market, **values: float) -> np.ndarray:
        names = {
            "opener": (OPENER, FLAGSHIP),
            "opener_small": (OPENER, SMALL),
            "eastern": (EASTERN, FLAGSHIP),
        }
        found = np.full(market.state.hosted.shape, np.nan)
        for name, value in values.items():
            found[HOST, *names[name]] = value
        return found

    return build


class TestReview:
    @pytest.fixture
    def market(self, after):
        market = after(6, COST)
        market.state.hosted[:] = False
        market.state.use[:] = 0.5
        market.bring_up[:] = 0.0
        return market

    def test_takes_up_what_pays_for_itself(self, market, margin):
        review(market, margin(market, opener=1.1e6, opener_small=0.9e6))
        assert np.argwhere(market.state.hosted[HOST]).tolist() == [[OPENER, FLAGSHIP]]
        assert market.state.hosted_since[HOST, OPENER, FLAGSHIP] == 6
        assert market.bring_up[7] == 1e6

    def test_keeps_what_earns_anything_and_pays_for_it_no_more(self, market, margin):
        market.state.hosted[HOST, OPENER] = True
        market.state.hosted_since[HOST, OPENER] = 2
        review(market, margin(market, opener=0.1e6, opener_small=-0.1e6))
        assert np.argwhere(market.state.hosted[HOST]).tolist() == [[OPENER, FLAGSHIP]]
        assert market.state.hosted_since[HOST, OPENER, FLAGSHIP] == 2
        assert market.bring_up[7] == 0.0

    def test_drops_what_can_no_longer_be_had(self, market, margin):
        market.state.hosted[HOST, OPENER] = True
        review(market, margin(market))
        assert not market.state.hosted[HOST].any()

    def test_the_catalogue_holds_the_best_after_the_cost_of_bringing_up(self, after, margin):
        market = after(6, COST | {"hosting.catalogue": 1})
        market.state.hosted[:] = False
        market.state.use[:] = 0.5
        market.state.hosted[HOST, EASTERN, FLAGSHIP] = True
        review(market, margin(market, eastern=2.0e6, opener=2.9e6))
        assert np.argwhere(market.state.hosted[HOST]).tolist() == [[EASTERN, FLAGSHIP]]
        review(market, margin(market, eastern=2.0e6, opener=3.1e6))
        assert np.argwhere(market.state.hosted[HOST]).tolist() == [[OPENER, FLAGSHIP]]

    def test_touches_its_own_shelf_only(self, market, margin):
        review(market, margin(market, opener=9e9))
        assert not market.state.hosted[[BIGCLOUD, EASTCLOUD]].any()


class TestWhatMayBeHosted:
    def test_open_models_of_other_firms(self, after):
        market = after(6)
        can = hostable(market)
        open_ = np.isfinite(market.state.open_capability)
        assert np.array_equal(can[HOST], open_)
        market.state.open_capability[LEADER] = [130.0, 123.0]
        can = hostable(market)
        assert not can[BIGCLOUD, LEADER].any()
        assert can[[HOST, EASTCLOUD], LEADER].all()

    def test_without_royalties_a_host_above_the_threshold_is_refused(self, after):
        """`bigcloud` belongs to a firm of 500 million users, the licence of `eastern` ends at 100."""
        market = after(6, {"mechanisms.royalties": False})
        can = hostable(market)
        assert not can[BIGCLOUD, EASTERN].any()
        assert can[BIGCLOUD, OPENER].all()
        assert can[HOST, EASTERN].all()
        assert hostable(after(6))[BIGCLOUD, EASTERN].all()


class TestExpectations:
    def test_of_what_cannot_be_had_there_are_none(self, after):
        market = after(6)
        margins = expected_margins(market)
        assert np.array_equal(np.isnan(margins), ~hostable(market))

    def test_all_clouds_host_everything_at_the_mark_up_of_a_small_seller(self, after):
        """Elasticity 1 + mean price sensitivity / ((1 - 0.4) (1 - 0.3)); a year's margin on those who come by."""
        market = after(
            6, {"mechanisms.trials": False, "hosting.first_mover": 0.0, "mechanisms.community": False}
        )
        setting, state, c = market.setting, market.state, market.setting.cohorts
        state.scarcity[:] = np.linspace(0.0, 2000.0, len(state.scarcity))
        found = expected_margins(market)
        state.hosted[:] = hostable(market)
        offers = current_offers(setting, state)
        deal = terms(setting, state, market.policy, offers, market.bandwidth_price)
        e = 1.0 + c.price_sensitivity.mean() / (0.6 * 0.7)
        keeps = 1.0 + deal.own_margin - deal.royalty
        cost = deal.cost + np.where(deal.seller < 0, 0.0, state.scarcity[deal.seller] * deal.load)
        hosted = (offers.channel > 0) & (offers.channel < setting.self_hosting)
        last = state.price[offers.slots(setting)]
        makers = np.where(offers.channel == 0, np.maximum(last, cost), cost)
        price = np.where(hosted, cost / keeps * e / (e - 1), makers)
        xi = taste(setting, market.policy, offers, 6)
        q = quality(setting, xi, offers.capability, 0.5)
        shares = choice_shares(
            q - c.price_sensitivity[:, None] * (np.log(price) + np.log(deal.dearer)),
            nests=(
                offers.tier.tolist(),
                [f"{k}{o}{t}" for k, o, t in zip(offers.lab, offers.open_, offers.tier, strict=True)],
            ),
            nesting=(0.4, 0.3),
        )
        buyers = (market.weights() * (1.0 - (1.0 - c.reconsider) ** 6)) @ shares
        margin = 12.0 * buyers * (keeps - cost / price)
        for j in np.flatnonzero(hosted):
            place = offers.channel[j] - 1, offers.lab[j], offers.tier[j]
            assert found[place] == pytest.approx(margin[j], rel=1e-9)
        assert hosted.sum() == np.isfinite(found).sum() == 12

    def test_a_dearer_host_expects_less(self, after):
        """Serving compute that cost twice as much leaves a thinner margin, at the same mark-up."""
        market = after(6, {"mechanisms.serving_capacity": False})
        cheap = expected_margins(market)[HOST]
        market.state.bandwidth_value[7] *= 2.0
        market.reprice()
        dear = expected_margins(market)[HOST]
        known = np.isfinite(cheap)
        assert known.sum() >= 4
        assert (dear[known] < cheap[known]).all()
        assert (dear[known] > 0).all()

    def test_a_host_without_compute_to_spare_takes_up_less(self, after):
        """What its compute earns on the models that it serves is a cost of serving another."""
        market = after(6)
        market.state.scarcity[:] = 0.0
        idle = expected_margins(market)
        market.state.scarcity[7] = 1e4
        full = expected_margins(market)
        known = np.isfinite(idle[HOST])
        assert known.sum() >= 4
        assert (full[HOST][known] < idle[HOST][known]).all()
        assert (full[BIGCLOUD] >= idle[BIGCLOUD])[np.isfinite(idle[BIGCLOUD])].all()

    def test_a_royalty_takes_its_part(self, after):
        """The host prices it in and sells less."""
        market = after(6)
        before = expected_margins(market)[BIGCLOUD, EASTERN]
        market.policy.royalty[EASTERN] = 0.5
        after_ = expected_margins(market)[BIGCLOUD, EASTERN]
        assert (after_ < 0.7 * before).all()
        others = [HOST, EASTCLOUD]
        assert (expected_margins(market)[others][:, EASTERN] > 0).all()

    def test_a_longer_payback_earns_more(self, after):
        short, long = (expected_margins(after(6, {"hosting.payback": p})) for p in (6.0, 24.0))
        known = np.isfinite(short)
        assert (long[known] > 4 * short[known]).all()

    def test_clouds_review_when_weights_appear_and_at_their_reviews(self, after):
        market = after(4, {"hosting.review": 24})
        opened = int(market.state.open_since.max())
        assert opened in (2, 3)
        hosted = market.record.clouds["hosted"]
        assert not hosted[:2].any()
        assert hosted[2].any()
