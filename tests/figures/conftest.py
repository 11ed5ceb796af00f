"""Made-up tables in the shape of a run's, for looking at figures and for testing them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from pandas import DataFrame

from sim.figures import Context, Event
from sim.record import MODES, TABLES

REGIONS = ("us", "china", "row")
LABS = {
    "openai": "us", "google": "us", "anthropic": "us", "meta": "us", "microsoft": "us", "amazon": "us",
    "xai": "us", "mistral": "row", "alibaba": "china", "tencent": "china", "baidu": "china",
    "deepseek": "china", "bytedance": "china", "sensetime": "china", "zhipu": "china", "moonshot": "china",
    "minimax": "china", "entrant_1": "row",
}  # fmt: skip
OPENNESS = dict(zip(LABS, (0, 1, 0, 3, 1, 0, 1, 2, 3, 2, 1, 3, 0, 1, 3, 3, 3, 2), strict=True))
SEGMENTS = ("consumer", "developers", "finance", "public", "tourism", "service", "industry")
EVENTS = (
    Event("2022-10-07", "US chip rule 1"), Event("2023-03-15", "H800 on sale"),
    Event("2023-08-15", "China: filing before service"), Event("2023-10-17", "US chip rule 2"),
    Event("2024-07-09", "OpenAI leaves China"), Event("2024-12-02", "HBM rule"),
    Event("2025-01-13", "AI diffusion rule"), Event("2025-04-09", "H20 licence"),
    Event("2025-05-13", "Diffusion rule rescinded"), Event("2025-07-14", "H20 reopened"),
    Event("2025-12-08", "H200 allowed", 1), Event("2026-01-13", "US chip rule 3"),
    Event("2027-01-01", "Device ban"), Event("2028-06-01", "Domestic chip subsidy"),
    Event("2029-09-01", "Release restrictions"),
)  # fmt: skip


def frames(months: int = 98, runs: int = 1, firms: int = 18, seed: int = 1) -> dict[str, DataFrame]:
    """All tables of a run with so many months, runs and firms."""
    rng = np.random.default_rng(seed)
    time = pd.date_range("2022-11-01", periods=months, freq="MS").to_numpy()
    names = [*LABS, *(f"entrant_{i}" for i in range(2, 60))][:firms]
    home = {name: LABS.get(name, REGIONS[i % 3]) for i, name in enumerate(names)}
    blocks = [_run(run, time, names, home, rng) for run in range(runs)]
    return {
        name: pd.concat([block[name] for block in blocks], ignore_index=True)[
            [column.name for column in TABLES[name].columns]
        ]
        for name in TABLES
    }


def _noise(rng: np.random.Generator, shape: tuple[int, ...], size: float) -> np.ndarray:
    steps = rng.normal(0, size, shape)
    steps[0] = rng.normal(0, size * 4, shape[1:])
    return steps.cumsum(axis=0)


def _run(
    run: int, time: np.ndarray, names: list[str], home: dict[str, str], rng: np.random.Generator
) -> dict[str, DataFrame]:
    models = _models(time, names, home, rng)
    tables = {
        "market": _market(time, rng),
        "labs": _labs(time, names, home, rng),
        "clouds": _keyed(time, {"cloud": [f"cloud_{i}" for i in range(9)]}, "clouds", rng),
        "models": models,
        "decisions": DataFrame({column.name: [] for column in TABLES["decisions"].columns}),
        "usage": _usage(time, rng),
    }
    return {name: table.assign(replicate=run, seed=run + 1) for name, table in tables.items()}


def _keyed(time: np.ndarray, keys: dict[str, list[str]], table: str, rng: np.random.Generator) -> DataFrame:
    index = pd.MultiIndex.from_product([time, *keys.values()], names=["month", *keys])
    frame = index.to_frame(index=False)
    for column in TABLES[table].values:
        frame[column.name] = rng.random(len(frame))
    if table == "clouds":
        frame["region"] = "us"
    return frame


def _market(time: np.ndarray, rng: np.random.Generator) -> DataFrame:
    frame = _keyed(time, {"region": [*REGIONS, "world"]}, "market", rng)
    t = np.arange(len(time)) / 12

    def fill(column: str, values: np.ndarray) -> None:
        frame[column] = np.broadcast_to(values, (len(t), 4)).reshape(-1)

    def noise(size: float) -> np.ndarray:
        return _noise(rng, (len(t), 4), size)

    years = t[:, None]
    fill("open_token_share", 1 / (1 + np.exp(1.6 - np.array([0.05, 0.4, 0.2, 0.12]) * years - noise(0.08))))
    fill(
        "open_spending_share", 1 / (1 + np.exp(3.2 - np.array([0.05, 0.2, 0.1, 0.08]) * years - noise(0.08)))
    )
    fill("price_flagship", 30 * np.exp(-0.05 * years + noise(0.05)))
    fill("price_fixed", 30 * np.exp(-np.minimum(2.2 * years, 9 + 0.1 * years) + noise(0.05)))
    fill("price_closed", 12 * np.exp(-0.3 * years + noise(0.05)))
    fill("price_open", 1.5 * np.exp(-0.45 * years + noise(0.05)))
    for column, level in (("margin_closed", 0.45), ("margin_open", 0.2), ("margin_clouds", 0.12)):
        fill(column, np.clip(level - 0.6 * np.exp(-1.5 * years) + noise(0.02), -4, 0.95))
    fill(
        "spending", 2e8 * np.exp(np.minimum(1.3 * years, 3.5 + 0.3 * years)) * np.array([0.5, 0.2, 0.3, 1.0])
    )
    frame["profit_labs"] = frame["spending"] * (0.38 + rng.normal(0, 0.02, len(frame)))
    frame["profit_clouds"] = frame["spending"] * 0.02
    frame["consumer_surplus"] = frame["spending"] * 1.4
    frame["chip_spending"] = frame["spending"] * 0.9
    step = np.floor(years * 2.2) / 2.2
    lead = np.array([0, -9.0, -16, 0])
    fill("capability", 118 + 11 * step + lead + np.abs(noise(0.3)))
    frame["capability_closed"] = frame["capability"]
    lag = 6 + 5 * np.abs((years * 1.3) % 1 - 0.5) + np.abs(noise(0.4))
    fill("lag_open", np.broadcast_to(lag, (len(t), 4)))
    fill("lag", np.array([0.2, 9.0, 14, 0]) + 2 * np.abs((years * 1.7) % 1 - 0.4) + np.abs(noise(0.4)))
    frame["capability_open"] = frame["capability"] - frame["lag_open"]
    fill("open_propensity", 1 / (1 + np.exp(-np.array([-1.4, 0.3, 0, -0.3]) - noise(0.1))))
    growth = np.exp(np.minimum(1.1 * years, 4 + 0.35 * years) + noise(0.03))
    for column, level in (("compute_training", 60), ("compute_serving", 40), ("compute", 100)):
        fill(column, level * growth * np.array([1, 0.22, 0.1, 1.3]))
    for column, part in (("compute_smuggled", 0.12), ("compute_domestic", 0.3), ("compute_offshore", 0.15)):
        frame[column] = (
            frame["compute"] * part * rng.uniform(0.9, 1.1, len(frame)) * (frame["region"] == "china")
        )
    return frame


def _labs(time: np.ndarray, names: list[str], home: dict[str, str], rng: np.random.Generator) -> DataFrame:
    frame = _keyed(time, {"lab": names}, "labs", rng)
    frame["region"] = frame["lab"].map(home)
    shape = (len(time), len(names))
    years = np.arange(len(time))[:, None] / 12
    size = np.exp(-0.25 * np.arange(len(names))[None, :] + _noise(rng, shape, 0.06)) * np.exp(0.9 * years)
    openness = np.array([OPENNESS.get(name, 2) for name in names]) / 3
    frame["tokens"] = (size * (1 - 0.7 * openness)).reshape(-1)
    frame["tokens_hosted"] = (size * 0.8 * openness).reshape(-1)
    frame["revenue"] = (1e7 * size * (1 - 0.9 * openness)).reshape(-1)
    frame["revenue_hosting"] = frame["revenue"] * 0.05
    level = 0.5 - 0.4 * openness + _noise(rng, shape, 0.02) - 0.5 * np.exp(-2 * years)
    frame["gross_margin"] = np.clip(level, -3, 0.9).reshape(-1)
    frame["active"] = 1
    gone = frame["lab"].eq("sensetime") & (frame["month"] > np.datetime64("2028-03-01"))
    measured = [column.name for column in TABLES["labs"].values]
    frame.loc[gone, measured] = np.nan
    frame.loc[gone, "active"] = 0
    return frame


def _models(time: np.ndarray, names: list[str], home: dict[str, str], rng: np.random.Generator) -> DataFrame:
    rows: list[dict[str, Any]] = []
    for i, name in enumerate(names):
        month, mode = int((i * 7) % 20), OPENNESS.get(name, 2)
        while month < min(65 if name == "sensetime" else 1000, len(time)):
            if rng.random() < 0.2:
                mode = int(np.clip(mode + rng.integers(-1, 2), 0, 3))
            rows.append(
                {
                    "month": time[month], "lab": name, "region": home[name], "model": f"{name} {month}",
                    "mode": MODES[mode], "forced": month < 26, "base": "", "capability": 120 + month,
                }
            )  # fmt: skip
            month += 7 if month < 26 else int(rng.integers(5, 11))
    frame = DataFrame(rows)
    for column in TABLES["models"].columns:
        if column.name not in frame:
            frame[column.name] = 1.0
    return frame


def _usage(time: np.ndarray, rng: np.random.Generator) -> DataFrame:
    keys = {
        "segment": list(SEGMENTS), "region": list(REGIONS), "openness": ["closed", "open"],
        "origin": list(REGIONS), "channel": ["api", "hosted", "self"],
    }  # fmt: skip
    frame = _keyed(time, keys, "usage", rng)
    years = (frame["month"] - frame["month"].iloc[0]).dt.days / 365
    size = frame["origin"].map({"us": 1.0, "china": 0.15, "row": 0.05}) * np.exp(years)
    size = size * np.where(frame["origin"] == "china", np.exp(0.2 * years), 1) * rng.uniform(0.5, 1.5)
    frame["tokens"] = size * rng.random(len(frame))
    frame["spending"] = frame["tokens"] * 0.5
    return frame.assign(group="all")


@pytest.fixture(scope="session")
def make() -> Callable[..., dict[str, DataFrame]]:
    """The maker of tables; what it made is kept."""
    return cache(frames)


@pytest.fixture(scope="session")
def context() -> Context:
    """What a run would tell its figures."""
    return Context(
        events=EVENTS,
        source="Source: aimarkets 0.1.0, scenario baseline, seeds 1 to 8, history replayed to December 2024.",
        history_until="2024-12-01",
        names={"entrant_1": "Entrant 1"},
    )


def _boxes(figure: Figure) -> list[tuple[str, Any]]:
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    words = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    return [(text.get_text(), text.get_window_extent(renderer)) for text in words]


@pytest.fixture(scope="session")
def assert_tidy() -> Callable[[Figure], None]:
    """The check that no words overlap and none leave the page."""

    def check(figure: Figure) -> None:
        boxes = _boxes(figure)
        page = figure.bbox
        for words, box in boxes:
            inside = page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1
            assert inside, f"{words!r} leaves the page: {box} in {page}"
        for (words, box), (others, other) in combinations(boxes, 2):
            wide = min(box.x1, other.x1) - max(box.x0, other.x0)
            high = min(box.y1, other.y1) - max(box.y0, other.y0)
            assert wide <= 0.5 or high <= 0.5, f"{words!r} and {others!r} overlap by {wide:.1f} x {high:.1f}"

    return check
