"""The baseline's sourced numbers, entered a second time from the published tables and compared with the file.

Typed from the sources, not from `scenarios/baseline.yaml`: a slip of the pen in either place fails here. What
is judgement is not tested, and ranges stand where sources give ranges. Sources are named as in the file.
"""

from __future__ import annotations

import math

import pytest

from sim.scenario import Month, load
from sim.scenario.actors import Chip, Lab
from sim.scenario.events import ExportRule
from sim.scenario.predicate import parse
from sim.scenario.schema import Scenario

H100_TFLOPS = 989.0


@pytest.fixture(scope="module")
def baseline() -> Scenario:
    return load("baseline").scenario


def price(chip: Chip, year: float) -> float:
    """USD per chip, `year` as 2024.5 for mid-2024."""
    age = year - (chip.released.year + (chip.released.month - 1) / 12)
    return chip.price * (1 - chip.price_decline) ** max(age, 0.0)


def sold(chip: Chip, region: str, first: str, last: str) -> float:
    """Thousand chips that the supply holds from one month to another, both included."""
    months = range(max(Month.parse(first) - chip.released, 0), Month.parse(last) - chip.released + 1)
    return sum(chip.supply[region] / 12 * chip.supply_growth ** (age / 12) for age in months)


# --- chips: Epoch ML hardware (D4), dense BF16 TFLOP/s, GB, TB/s

SPEEDS = {
    "a100": (312, 80, 2.04),
    "a800": (312, 80, 2.04),
    "h100": (989, 80, 3.35),
    "h800": (989, 80, 3.36),
    "h20": (148, 96, 4.0),
    "h200": (989.5, 141, 4.8),
    "b200": (2250, 180, 7.7),
    "gb200": (2500, 186, 8.0),
    "gb300": (2500, 287, 8.0),
    "mi300x": (1307, 192, 5.3),
    "ascend_910": (256, 32, 1.29),
    "ascend_910b": (376, 64, 1.6),
    "ascend_910c": (800, 128, 3.2),
    "ascend_950pr": (1000 / 2, 128, 1.6),  # 1,000 at FP8
    "ascend_950dt": (1000 / 2, 144, 4.0),
    "ascend_960": (2000 / 2, 288, 9.6),
    "ascend_970": (4000 / 2, 288, 14.4),
}


@pytest.mark.parametrize("name", SPEEDS)
def test_speeds(baseline: Scenario, name: str) -> None:
    chip = baseline.chips[name]
    assert (chip.bf16, chip.memory, chip.bandwidth) == SPEEDS[name]


PUBLISHED_TPP = {
    "a100": 4992, "h100": 15832, "h20": 2368, "h200": 15832, "ascend_910": 4096, "cambricon_590": 4493,
}
TPP_RANGES = {"ascend_910b": (4480, 6400), "ascend_910c": (12032, 12800)}


def test_total_processing_performance(baseline: Scenario) -> None:
    assert {name: baseline.chips[name].tpp for name in PUBLISHED_TPP} == PUBLISHED_TPP
    for name, (least, most) in TPP_RANGES.items():
        assert least <= baseline.chips[name].tpp <= most
    for name, chip in baseline.chips.items():
        if name not in {"cambricon_590"}:  # two sources that differ
            assert chip.tpp == pytest.approx(16 * chip.bf16, rel=0.02), f"{name}: 16 bits times dense TOPS"


def test_workaround_chips_have_less_interconnect(baseline: Scenario) -> None:
    chips = baseline.chips
    assert chips["a800"].interconnect == 400
    assert chips["a100"].interconnect == 600
    assert chips["h800"].interconnect < 600 <= chips["h100"].interconnect


# --- prices: Epoch D1 (annual, thousand USD), trade press


@pytest.mark.parametrize(
    ("name", "year", "least", "most"),
    [
        ("h100", 2022.75, 36.7, 36.7),
        ("h100", 2023.5, 34.6 * 0.93, 34.6 * 1.07),
        ("h100", 2024.5, 26.3 * 0.93, 26.3 * 1.07),
        ("h100", 2025.5, 23.2 * 0.93, 23.2 * 1.07),
        ("gb200", 2024 + 11 / 12, 39.7, 39.7),
        ("gb200", 2025.5, 36.7 * 0.95, 36.7 * 1.05),
        ("gb300", 2025.75, 30, 45),
        ("a100", 2022.5, 10, 15),
        ("a100", 2024.0, 10, 15),
        ("h20", 2024.5, 10, 15),
        ("h20", 2025.5, 9, 12),
        ("h200", 2025.95, 20 * 0.95, 20 * 1.05),
        ("mi300x", 2023.9, 15, 15),
        ("b200", 2024.9, 30, 40),
        ("ascend_910b", 2023.75, 16.9, 16.9),
        ("ascend_910c", 2025.0, 28, 28),
    ],
)
def test_prices(baseline: Scenario, name: str, year: float, least: float, most: float) -> None:
    assert least * 1000 * (1 - 1e-9) <= price(baseline.chips[name], year) <= most * 1000 * (1 + 1e-9)


@pytest.mark.parametrize(
    ("name", "year", "usd_per_tflop"),
    [
        ("h100", 2023.5, 35), ("h100", 2024.5, 27), ("gb200", 2025.5, 15),
        ("h20", 2024.5, 81), ("h20", 2025.12, 70), ("ascend_910b", 2024.5, 45), ("ascend_910c", 2025.5, 35),
    ],
)
def test_dollars_per_tflop(baseline: Scenario, name: str, year: float, usd_per_tflop: float) -> None:
    chip = baseline.chips[name]
    assert price(chip, year) / chip.bf16 == pytest.approx(usd_per_tflop, rel=0.08)


@pytest.mark.parametrize(("name", "year", "ratio"), [("h20", 2024.5, 3.1), ("h20", 2025.12, 4.8)])
def test_training_on_h20_is_dearer_than_in_the_us(
    baseline: Scenario, name: str, year: float, ratio: float
) -> None:
    us = (baseline.chips[n] for n in ("h100", "gb200"))
    best = min(price(c, year) / c.bf16 for c in us if c.released <= Month(int(year), 1))
    chip = baseline.chips[name]
    assert price(chip, year) / chip.bf16 / best == pytest.approx(ratio, rel=0.1)


# --- shipments to China: Epoch D1, thousand units; IDC 2025


def test_shipments_of_chips_made_for_china(baseline: Scenario) -> None:
    chips = baseline.chips
    a800, h800, h20 = 28 + 29 + 26 + 29 + 9, 7 + 32 + 56 + 20, 139 + 223 + 272 + 324
    assert sold(chips["a800"], "china", "2022-11", "2023-10") == pytest.approx(a800, rel=0.02)
    assert sold(chips["h800"], "china", "2023-03", "2023-10") == pytest.approx(h800, rel=0.02)
    assert sold(chips["h20"], "china", "2024-01", "2024-12") == pytest.approx(h20, rel=0.03)
    assert sold(chips["h20"], "china", "2025-01", "2025-03") == pytest.approx(362, rel=0.03)
    for name in ("a800", "h800", "h20"):
        assert chips[name].supply["us"] == chips[name].supply["row"] == 0


def test_domestic_shipments(baseline: Scenario) -> None:
    """Supply before the response to unmet demand, which adds a fifth to a third."""
    chips = baseline.chips
    assert 0.7 < sold(chips["ascend_910b"], "china", "2024-01", "2024-12") / 200 < 1
    huawei = sum(sold(chips[name], "china", "2025-01", "2025-12") for name in ("ascend_910b", "ascend_910c"))
    assert 0.7 < huawei / 812 < 1
    assert 0.7 < sold(chips["cambricon_590"], "china", "2025-01", "2025-12") / 116 < 1
    assert 0.7 < sold(chips["other_domestic"], "china", "2025-01", "2025-12") / (265 + 116) < 1


def test_amd_volume(baseline: Scenario) -> None:
    assert baseline.chips["mi300x"].supply["us"] == 173 + 96  # Omdia: Meta and Microsoft, 2024


# --- export rules

MADE_UP = {
    "name": "made_up", "vendor": "nvidia", "origin": "us", "density": 1.0, "bandwidth": 1.0,
    "interconnect": 100.0,
}


def rule(baseline: Scenario, name: str) -> ExportRule:
    found = next(e for e in baseline.events if e.name == name)
    assert isinstance(found, ExportRule)
    return found


def covers(baseline: Scenario, name: str, **fields: float) -> bool:
    return parse(rule(baseline, name).predicate)({**MADE_UP, **fields})


def covered(baseline: Scenario, name: str) -> set[str]:
    test = parse(rule(baseline, name).predicate)
    return {key for key, chip in baseline.chips.items() if test({"name": key, **chip.model_dump()})}


def test_rule_of_october_2022_needs_both_tests(baseline: Scenario) -> None:
    name = "us-rule-2022-10"
    assert rule(baseline, name).date == Month(2022, 10)
    assert covers(baseline, name, tpp=4800, interconnect=600)
    assert not covers(baseline, name, tpp=4799, interconnect=600)
    assert not covers(baseline, name, tpp=4800, interconnect=599)
    assert {"a100", "h100"} <= covered(baseline, name)
    assert not {"a800", "h800"} & covered(baseline, name)


def test_rule_of_october_2023(baseline: Scenario) -> None:
    name = "us-rule-2023-10"
    assert rule(baseline, name).date == Month(2023, 11)  # effective on the 17th
    assert covers(baseline, name, tpp=4800)
    assert not covers(baseline, name, tpp=4799)
    assert covers(baseline, name, tpp=1600, density=5.92)
    assert not covers(baseline, name, tpp=1599, density=5.92)
    assert not covers(baseline, name, tpp=1600, density=5.91)
    assert {"a100", "a800", "h100", "h800", "h200", "b200", "gb200", "mi300x"} <= covered(baseline, name)
    assert "h20" not in covered(baseline, name)


def test_h20(baseline: Scenario) -> None:
    assert rule(baseline, "us-h20-licence").date == Month(2025, 4)
    assert covered(baseline, "us-h20-licence") == covered(baseline, "us-h20-levy") == {"h20"}
    again = rule(baseline, "us-h20-levy")
    assert (again.date, again.licensed, again.levy) == (Month(2025, 8), 1.0, 0.15)
    refused = rule(baseline, "china-h20-pushback")
    assert refused.date == Month(2025, 8)
    assert refused.licensed == pytest.approx(17 / 362, abs=0.01)
    assert baseline.chips["h20"].retired == Month(2026, 1)  # none from Q4 2025 to Q1 2026


def test_rule_of_january_2026(baseline: Scenario) -> None:
    allowed, barred = rule(baseline, "us-rule-2026-01"), rule(baseline, "us-rule-2026-01-bar")
    assert allowed.date == barred.date == Month(2026, 1)
    assert allowed.levy == 0.25
    assert allowed.volume_cap == 10 * 75  # buyers times thousand chips
    assert "h200" in covered(baseline, "us-rule-2026-01")
    assert covered(baseline, "us-rule-2026-01-bar") == {"b200", "gb200", "gb300", "rubin", "rubin_next"}
    assert covers(baseline, "us-rule-2026-01-bar", tpp=21000)
    assert not covers(baseline, "us-rule-2026-01-bar", tpp=20999)
    assert covers(baseline, "us-rule-2026-01-bar", tpp=100, bandwidth=6.5)
    customs = rule(baseline, "china-h200-bar")
    assert (customs.date, customs.licensed) == (Month(2026, 1), 0.0)
    assert "h200" in covered(baseline, "china-h200-bar")


def test_no_rule_covers_chips_made_in_china(baseline: Scenario) -> None:
    home = {name for name, chip in baseline.chips.items() if chip.origin == "china"}
    for event in baseline.events:
        if isinstance(event, ExportRule) and event.region == "china":
            assert not home & covered(baseline, event.name)


DATES = {
    "china-content-rule": Month(2023, 8),
    "deepseek-bans-us": Month(2025, 2),
    "us-open-weight-encouragement": Month(2025, 7),
    "china-state-data-centres": Month(2025, 11),
    "china-power-subsidy": Month(2025, 11),
    "us-model-control-2026-06": Month(2026, 6),
}


def test_other_dates(baseline: Scenario) -> None:
    assert {e.name: e.date for e in baseline.events if e.name in DATES} == DATES


# --- firms

FIRST_MODEL = {  # Epoch D3; firm roster
    "google": Month(2023, 5),
    "amazon": Month(2023, 9),
    "microsoft": Month(2023, 9),
    "xai": Month(2023, 11),
    "mistral": Month(2023, 9),
    "alibaba": Month(2023, 4),
    "tencent": Month(2023, 9),
    "deepseek": Month(2023, 11),
    "bytedance": Month(2023, 8),
    "sensetime": Month(2023, 4),
    "moonshot": Month(2023, 10),
    "minimax": Month(2023, 8),
}


@pytest.mark.parametrize("name", FIRST_MODEL)
def test_labs_start_within_an_interval_of_their_first_model(baseline: Scenario, name: str) -> None:
    lab = baseline.labs[name]
    assert lab.enters is not None
    assert 0 < FIRST_MODEL[name] - lab.enters <= lab.release_interval


def test_every_lab_of_the_roster(baseline: Scenario) -> None:
    home = {name: lab.region for name, lab in baseline.labs.items()}
    us = ["openai", "google", "anthropic", "meta", "microsoft", "amazon", "xai"]
    china = [
        "alibaba", "tencent", "baidu", "deepseek", "bytedance", "sensetime", "zhipu", "moonshot", "minimax",
    ]
    assert home == {**dict.fromkeys(us, "us"), "mistral": "row", **dict.fromkeys(china, "china")}


def test_licence_and_algorithms(baseline: Scenario) -> None:
    meta = baseline.labs["meta"]
    assert meta.licence_threshold == 700
    assert meta.initial_mode == "open_restricted"
    llama = (109.7 - 126.1) / 7.2 - math.log10(5.5e23 / 2.1e25)
    assert meta.initial_algorithm == pytest.approx(llama, abs=0.01)
    low, high = load("baseline").distributions["labs.openai.initial_algorithm"].support
    assert low < 0 < high  # calibrated; 0 would be GPT-4's recipe at the start
    assert baseline.technology.reference_capability == 126.1
    assert baseline.technology.reference_flop == 2.1e25
    assert 5 <= baseline.technology.capability_per_order <= 12.5  # range of specifications; calibrated


# Thousand H100e at year end, 5-95 % (Epoch D2).
STOCKS = {
    ("openai", 2023): (70, 136),
    ("openai", 2024): (277, 486),
    ("openai", 2025): (1251, 2185),
    ("google", 2024): (214, 775),
    ("google", 2025): (1008, 2549),
    ("anthropic", 2024): (145, 298),
    ("anthropic", 2025): (842, 1717),
    ("meta", 2024): (124, 480),
    ("meta", 2025): (606, 1638),
    ("xai", 2024): (171, 237),
    ("xai", 2025): (587, 787),
}


def stock(baseline: Scenario, lab: Lab, year: int) -> float:
    """Thousand H100e at the end of a year, if all money buys the US chip of the day."""
    held = lab.initial_compute
    start = lab.enters or baseline.start
    for n in range(Month(year, 12) - start + 1):
        month = start + n
        when = month.year + (month.month - 0.5) / 12
        budget = lab.capex * lab.capex_growth ** (when - 2024.5) / 12 / baseline.technology.system_cost
        chips = (baseline.chips[name] for name in ("h100", "gb200"))
        cost = min(price(chip, when) / chip.bf16 for chip in chips if chip.released <= month)
        held = held * (1 - baseline.technology.retirement) ** (1 / 12) + budget / (cost * H100_TFLOPS) / 1000
    return held


@pytest.mark.parametrize(("name", "year"), STOCKS)
def test_capex_gives_the_compute_that_labs_had(baseline: Scenario, name: str, year: int) -> None:
    least, most = STOCKS[name, year]
    assert least <= stock(baseline, baseline.labs[name], year) <= most


# --- the period's real models: capability (ECI, Epoch D5), training FLOP (Epoch D3), mode, month

MODELS: dict[str, tuple[str, str, float | None, float | None]] = {
    "gpt-4": ("2023-03", "closed", 126.1, 2.1e25),
    "llama-65b": ("2023-02", "closed", 109.7, 5.5e23),  # weights for research only: no offer in the market
    "sensechat": ("2023-04", "closed", None, 3.9e24),
    "palm-2": ("2023-05", "closed", None, 7.3e24),
    "claude-2": ("2023-07", "closed", 119.6, 3.9e24),
    "llama-2": ("2023-07", "open_restricted", 114.2, 8.1e23),
    "hunyuan": ("2023-09", "closed", None, 1.2e24),
    "qwen-14b": ("2023-09", "open", 112.6, None),
    "grok-1": ("2023-11", "closed", None, 2.9e24),
    "qwen-72b": ("2023-11", "open", None, 1.3e24),
    "gemini-1": ("2023-12", "closed", None, 5e25),
    "mixtral": ("2023-12", "open", 118.6, None),
    "llama-3": ("2024-04", "open_restricted", 119.8, 7.9e24),
    "deepseek-v2": ("2024-05", "open", 125.8, 1.0e24),
    "claude-3-5": ("2024-06", "closed", 130.0, 2.7e25),
    "qwen2-72b": ("2024-06", "open", 125.7, 3.0e24),
    "llama-3-1": ("2024-07", "open_restricted", 128.0, 3.8e25),
    "grok-2": ("2024-08", "closed", 130.6, 3.0e25),
    "o1-mini": ("2024-09", "closed", 136.6, None),
    "qwen2-5": ("2024-09", "open", 129.5, 7.8e24),
    "doubao-pro": ("2024-10", "closed", None, 2.5e25),
    "hunyuan-large": ("2024-11", "open", None, 3.5e24),
    "o1": ("2024-12", "closed", 142.3, None),
    "deepseek-v3": ("2024-12", "open", 136.6, 3.4e24),
    "minimax-01": ("2025-01", "open", None, None),
    "qwen2-5-max": ("2025-01", "closed", 133.2, None),
    "grok-3": ("2025-02", "closed", 138.8, 3.5e26),
    "gpt-4-5": ("2025-02", "closed", 137.3, 3.8e26),
    "claude-3-7": ("2025-02", "closed", 141.6, 3.4e25),
    "qwq-32b": ("2025-03", "open", None, None),
    "gemini-2-5": ("2025-03", "open_lagged", 144.2, None),
    "llama-4": ("2025-04", "open_restricted", 132.9, 2.2e24),
    "qwen3": ("2025-04", "open", 139.4, 4.8e24),
    "o3-pro": ("2025-06", "closed", 148.8, None),
    "ernie-4-5": ("2025-06", "open", None, None),
    "grok-4": ("2025-07", "closed", 147.0, 5.0e26),
    "kimi-k2": ("2025-07", "open", 140.6, 3.0e24),
    "qwen3-2507": ("2025-07", "open", 145.3, None),
    "glm-4-5": ("2025-08", "open", None, 4.4e24),
    "gpt-5": ("2025-08", "open_lagged", 150.0, 6.6e25),
    "seed-oss": ("2025-08", "open_lagged", None, None),
    "qwen3-max": ("2025-09", "closed", 145.1, 1.5e25),
    "gemini-3": ("2025-11", "open_lagged", 153.8, None),
    "kimi-k2-thinking": ("2025-11", "open", 145.5, None),
    "ernie-4": ("2023-10", "closed", None, None),
    "abab-6": ("2024-01", "closed", None, None),
    "abab-6-5": ("2024-04", "closed", None, None),
    "doubao-1": ("2024-05", "closed", None, None),
    "doubao-1-5": ("2025-01", "closed", None, None),
    "kimi-k1-5": ("2025-01", "closed", None, None),
    "hunyuan-t1": ("2025-03", "closed", None, None),
    "ernie-x1": ("2025-03", "closed", None, None),
    "sensenova-6": ("2025-04", "closed", None, None),
    "deepseek-r1-0528": ("2025-05", "open", 141.8, None),
    "mistral-7b": ("2023-09", "open", 111.5, None),
    "phi-1-5": ("2023-09", "open", 86.9, None),
    "mistral-large": ("2024-02", "open_lagged", 121.3, None),
    "claude-3": ("2024-03", "closed", 126.9, None),
    "phi-3": ("2024-04", "open", 123.3, 2.1e23),
    "gpt-4o": ("2024-05", "closed", 128.7, None),
    "mistral-large-2": ("2024-07", "open_restricted", 128.5, 2e25),
    "claude-3-5-new": ("2024-10", "closed", 134.2, None),
    "gemini-2": ("2024-12", "open_lagged", 135.1, None),
    "o3-mini": ("2025-01", "closed", 141.1, None),
    "o3": ("2025-04", "closed", 146.6, None),
    "mistral-medium-3": ("2025-05", "open_lagged", 135.0, None),
    "claude-4": ("2025-05", "closed", 143.0, None),
    "deepseek-v3-1": ("2025-08", "open", 138.6, None),
    "claude-sonnet-4-5": ("2025-09", "closed", 146.5, None),
    "deepseek-v3-2": ("2025-09", "open", 144.7, None),
    "claude-4-5": ("2025-11", "closed", 149.9, None),
    "gpt-5-2": ("2025-12", "closed", 153.2, None),
}


@pytest.mark.parametrize("name", MODELS)
def test_models(baseline: Scenario, name: str) -> None:
    date, mode, capability, flop = MODELS[name]
    model = next(m for m in baseline.history if m.name == name)
    assert (str(model.date), model.mode, model.flop) == (date, mode, flop)
    assert capability is None or model.capability == capability


def test_r1(baseline: Scenario) -> None:
    r1 = next(m for m in baseline.history if m.name == "deepseek-r1")
    assert (r1.date, r1.mode, r1.capability) == (Month(2025, 1), "open", 139.4)
    assert r1.flop is not None
    assert 3.5e24 <= r1.flop <= 4e24


# Best ECI so far (Epoch D5): date, frontier, China's best, best open.
FRONTIER = [
    ("2023-03", 126.1, None, 109.7),
    ("2023-09", 126.1, 112.6, None),
    ("2024-06", 132.6, 125.8, 125.8),
    ("2024-09", 136.6, 129.5, 129.5),
    ("2024-12", 142.3, 136.6, 136.6),
    ("2025-03", 144.2, 139.4, 139.4),
    ("2025-06", 148.8, None, None),
    ("2025-09", 150.0, 145.3, 145.3),
    ("2025-12", 153.8, 145.5, 145.5),
]


@pytest.mark.parametrize(("until", "frontier", "china", "open_"), FRONTIER)
def test_running_best(
    baseline: Scenario, until: str, frontier: float, china: float | None, open_: float | None
) -> None:
    past = [m for m in baseline.history if m.date <= Month.parse(until) and m.capability is not None]
    assert max(m.capability or 0 for m in past) == frontier
    if china is not None:
        assert max(m.capability or 0 for m in past if baseline.labs[m.lab].region == "china") == china
    if open_ is not None:
        weights = [m for m in past if m.mode in ("open", "open_restricted") or m.name == "llama-65b"]
        assert max(m.capability or 0 for m in weights) == open_


def test_switches(baseline: Scenario) -> None:
    """Firms that had kept flagships closed and opened one within eight months of DeepSeek-R1."""
    opened = {}
    for model in sorted(baseline.history, key=lambda m: m.date):
        if model.mode == "open" and Month(2025, 1) <= model.date <= Month(2025, 8):
            opened.setdefault(model.lab, str(model.date))
    firms = ("minimax", "baidu", "moonshot", "zhipu")
    assert {firm: opened.get(firm) for firm in firms} == {
        "minimax": "2025-01", "baidu": "2025-06", "moonshot": "2025-07", "zhipu": "2025-08",
    }


# --- segments


def test_switching_in_enterprise(baseline: Scenario) -> None:
    """Menlo 2025: 11 % of teams switched vendor in a year, 66 % upgraded within their vendor."""
    enterprise = baseline.segments["enterprise"]
    assert 1 - (1 - enterprise.reconsider) ** 12 == pytest.approx(0.11, abs=0.01)
    assert 1 - (1 - enterprise.upgrade) ** 12 == pytest.approx(0.66, abs=0.03)
    assert 0.2 <= baseline.segments["developer"].reconsider <= 0.5


def test_smuggling_lies_within_the_estimates(baseline: Scenario) -> None:
    low, high = 10, 300  # thousand chips in 2024 (CNAS: 10,000 to several 100,000)
    assert low <= baseline.regions["china"].smuggling <= high
