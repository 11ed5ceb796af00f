"""Customers who reconsider, as machine code; the readable path is `sim.economics.adoption.resettled`."""

from __future__ import annotations

from sim.economics.compiled.jit import entry
from sim.economics.labels import IntArray
from sim.economics.nests import FloatArray


@entry
def set_resettled(
    kept: FloatArray,
    choice: FloatArray,
    between: FloatArray,
    within: FloatArray,
    outside: FloatArray,
    vendor: IntArray,
    follow: bool,
    of_vendor: FloatArray,
    out: FloatArray,
) -> None:
    """Writes what `resettled` returns into `out`, (segments, offers).

    Parameters
    ----------
    follow
        Whether some customers look at the offers of their vendor only.
    of_vendor
        Room for numbers by vendor, (2, vendors).
    """
    segments, offers = kept.shape
    for s in range(segments):
        settled = 0.0
        of_vendor[:] = 0.0
        for j in range(offers):
            settled += kept[s, j]
            of_vendor[0, vendor[j]] += kept[s, j]
            of_vendor[1, vendor[j]] += choice[s, j]
        settled += outside[s]
        for v in range(of_vendor.shape[1]):
            of_vendor[0, v] /= of_vendor[1, v] if of_vendor[1, v] > 0.0 else 1.0
        choosing = between[s] * settled + max(1.0 - settled, 0.0)
        staying = (1.0 - between[s]) * (1.0 - within[s])
        updating = (1.0 - between[s]) * within[s]
        for j in range(offers):
            part, likely = of_vendor[0, vendor[j]], of_vendor[1, vendor[j]]
            moved = part * choice[s, j] if follow and likely > 0.0 else kept[s, j]
            out[s, j] = staying * kept[s, j] + updating * moved + choosing * choice[s, j]
