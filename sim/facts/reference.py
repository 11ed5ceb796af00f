"""The reference of files of facts, as Markdown, from the declarations alone."""

from __future__ import annotations

from sim.facts.indicators import INDICATORS
from sim.facts.schema import LAST, Fact, Facts, Family, Opening
from sim.scenario.parameters import Entry
from sim.scenario.shapes import fields_of

HEAD = f"""\
# Facts

Generated from the declarations in `sim/facts/` by `make docs`; do not edit.

`data/facts.yaml` holds what was measured, each value with its source, its certainty and its tolerance.
`aimarkets validate` holds a scenario against it, or against any file of the same form (`--facts FILE`).

A fact names an **indicator** of the model and the rows of the run's table that count (`where`). The result may
be divided by the same indicator of other rows (`over`: shares and ratios; `{{}}` is all rows), or less by it
(`minus`). The `statistic` makes one value of the months that the fact tells of. The fact's unit must be that of
the result: the indicator's, `ratio` after `over`, `factor a year` for growth.

`use` says whether a fact may tune the model (`calibration`), is kept for testing (`held-out`), or is listed
because the model cannot represent it (`unrepresented`, with the reason in `why`). Nothing dated after {LAST}
is used. Dates of first openings tune half-year by half-year and firm by firm; those that a held-out fact counts
(`modes.opened`) are held out with it.
"""

EXAMPLE = """\
```yaml
title: One fact
facts:
  open-share-of-enterprises:
    family: open use
    quantity: Share of open models in enterprise use, United States
    unit: ratio
    series: {2024-11: 0.19, 2025-11: 0.11}
    tolerance: 0.06
    source: A survey
    certainty: press
    indicator: use.tokens
    where: {region: [us], group: [enterprise], openness: [open]}
    over: {region: [us], group: [enterprise]}
    use: calibration
```
"""


def facts_reference() -> str:
    """The page: keys of a file, and indicators with unit, rows that may be chosen, and meaning."""
    parts = [HEAD, EXAMPLE]
    for heading, entry in (("A file", Facts), ("A fact", Fact), ("An opening", Opening), ("A family", Family)):
        parts.append(f"## {heading}\n\n{_keys(entry)}\n")
    rows = [
        f"| `{name}` | {one.unit} | {', '.join(one.columns)} | {one.meaning} |" for name, one in INDICATORS.items()
    ]
    head = ["| indicator | unit | rows chosen by | meaning |", "|---|---|---|---|"]
    parts.append("## Indicators\n\n" + "\n".join([*head, *rows]) + "\n")
    return "\n".join(parts)


def _keys(entry: type[Entry]) -> str:
    shapes = fields_of(entry)
    rows = [
        f"| `{name}` | {shapes[name].label()} | {field.description} |"
        for name, field in entry.model_fields.items()
    ]
    return "\n".join(["| key | type | meaning |", "|---|---|---|", *rows])
