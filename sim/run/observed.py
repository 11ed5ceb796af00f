"""Measured values that figures show beside the model's."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

PACKAGE = Path(__file__).resolve().parent.parent


def observed_values(regions: list[str]) -> pd.DataFrame | None:
    """Values of `data/observed.csv` for a scenario with these regions; none if it has not all regions measured.

    Returns
    -------
    Frame of indicator (a column of the `market` table), region, month and value, or None.
    """
    installed = PACKAGE / "_data"
    folder = installed if installed.is_dir() else PACKAGE.parent / "data"
    file = folder / "observed.csv"
    if not file.is_file():
        return None
    values = pd.read_csv(file, parse_dates=["month"], date_format="%Y-%m")
    measured = set(values["region"]) - {"world"}
    return values[["indicator", "region", "month", "value"]] if measured <= set(regions) else None
