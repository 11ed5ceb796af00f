"""The baseline's numbers, which change on purpose only: `make golden`, with a line in CHANGELOG.md."""

from __future__ import annotations

import json
from pathlib import Path

import sim

FILE = Path(__file__).with_name("baseline.json")
MONTHS = ("2023-12", "2024-12", "2025-12")
COLUMNS = (
    "adoption", "tokens", "spending", "open_token_share", "price_closed", "price_open", "capability", "lag",
    "open_labs", "margin_closed", "margin_clouds", "compute", "flop_price", "concentration",
)


def golden_numbers() -> dict[str, object]:
    """Indicators of seed 1 of the baseline at the end of three years, by column and region."""
    resolved = sim.load("baseline", ["end=2025-12"])
    market = sim.Market(resolved.scenario, seed=1).run()
    at = {str(month): index for index, month in enumerate(market.months)}
    regions = [*market.setting.regions, "world"]
    values = {
        f"{column} {region} {month}": float(market.record.market[column][at[month], k])
        for column in COLUMNS
        for k, region in enumerate(regions)
        for month in MONTHS
    }
    releases = [f"{market.months[row['month']]} {row['lab']} {row['mode']}" for row in market.record.models]
    return {"scenario": resolved.hash, "values": values, "releases": releases}


if __name__ == "__main__":
    FILE.write_text(json.dumps(golden_numbers(), indent=1, allow_nan=True) + "\n", encoding="utf-8")
