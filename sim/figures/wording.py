"""Numbers and names as they are printed: 1,000; $1.2 bn; 20 %; December 2030."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

NBSP = "\u00a0"
MINUS = "\u2212"
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
NAMES = {
    "world": "World", "us": "US", "china": "China", "row": "Rest of world", "eu": "EU", "uk": "UK",
    "openai": "OpenAI", "google": "Google", "google_deepmind": "Google DeepMind", "anthropic": "Anthropic",
    "meta": "Meta", "microsoft": "Microsoft", "amazon": "Amazon", "xai": "xAI", "mistral": "Mistral",
    "alibaba": "Alibaba", "tencent": "Tencent", "baidu": "Baidu", "deepseek": "DeepSeek",
    "bytedance": "ByteDance", "sensetime": "SenseTime", "zhipu": "Zhipu", "moonshot": "Moonshot",
    "minimax": "MiniMax",
}  # fmt: skip
_BY = {"us": "US", "china": "Chinese", "eu": "European", "row": "Other"}
_IN = {"us": "the US", "row": "the rest of the world", "world": "the world", "eu": "the EU", "uk": "the UK"}


def name(key: str, names: Mapping[str, str] | None = None) -> str:
    """A firm or region as printed: the caller's title, else the known one, else the key made readable."""
    given = (names or {}).get(key) or NAMES.get(key)
    if given:
        return given
    words = key.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


def where(region: str, names: Mapping[str, str] | None = None) -> str:
    """A region as it stands after 'in': the US, China, the rest of the world."""
    return _IN.get(region) or name(region, names)


def adjective(region: str, names: Mapping[str, str] | None = None) -> str:
    """A region before a noun: US labs, Chinese labs."""
    return _BY.get(region) or name(region, names)


def sentence(text: str) -> str:
    """The text with a capital at the beginning."""
    return text[:1].upper() + text[1:]


def signed(text: str, value: float) -> str:
    """The text with a minus sign where the value is negative and the text is not zero."""
    return MINUS + text if value < 0 and any(c in "123456789" for c in text) else text


def share(value: float) -> str:
    """A share of 1 in per cent: 28 %, 0.4 %, under 0.1 %."""
    size = abs(value) * 100
    if 0 < size < 0.05:
        return f"under 0.1{NBSP}%"
    return signed(f"{size:,.{1 if 0 < size < 0.95 else 0}f}{NBSP}%", value)


def span(low: float, high: float) -> str:
    """Two shares of 1 without the sign, as a range: 24–38."""
    return f"{share(low)}–{share(high)}".replace(f"{NBSP}%", "").replace("under ", "<")


def _significant(size: float) -> str:
    """Two significant digits below 100, whole numbers above."""
    if size == 0:
        return "0"
    digits = max(0, 1 - math.floor(math.log10(size) + 1e-12))
    text = f"{round(size, digits):,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def count(value: float) -> str:
    """A plain number: 0.05, 1,000, 1.2 m, 3 bn, 2e25."""
    size = abs(value)
    if size >= 0.9995e16:
        mantissa, power = f"{size:.1e}".split("e+")
        return signed(f"{mantissa.removesuffix('.0')}e{power}", value)
    for scale, unit in ((1e12, "tn"), (1e9, "bn"), (1e6, "m")):
        if size >= 0.9995 * scale:
            return signed(f"{_significant(size / scale)}{NBSP}{unit}", value)
    return signed(_significant(size), value)


def usd(value: float) -> str:
    """Money: $0.52, $1,000, $340 m, $1.2 bn."""
    size = abs(value)
    text = f"{size:,.2f}" if 0.995 <= size < 9.995 and abs(size - round(size)) >= 0.005 else count(size)
    return signed("$" + text, value)


def change(value: float) -> str:
    """A difference with its sign: +3, −0.4, 0."""
    size = abs(value)
    said = f"{size:,.{0 if size >= 9.95 else 1}f}".removesuffix(".0")
    return signed(said, value) if value <= 0 or said == "0" else f"+{said}"


def step(value: float) -> str:
    """A tick of an axis of differences, with its sign and all its digits: +0.05, −20, 0."""
    said = f"{abs(value):,g}"
    return f"+{said}" if value > 0 else signed(said, value)


def points(value: float) -> str:
    """A capability in ECI points."""
    return signed(f"{abs(value):,.0f}", value)


def months(value: float) -> str:
    """A duration: 1 month, 7 months, 0.4 months."""
    digits = 1 if 0 < abs(value) < 0.95 else 0
    text = f"{abs(value):,.{digits}f}"
    return signed(f"{text}{NBSP}{'month' if text == '1' else 'months'}", value)


def times(value: float) -> str:
    """A factor: 1.4-fold, 12-fold."""
    return f"{value:.1f}-fold" if value < 9.95 else f"{count(float(f'{value:.2g}'))}-fold"


def month(day: float, *, short: bool = False) -> str:
    """The month of a day counted from 1970: December 2030, or Dec 2030."""
    stamp = np.datetime64(int(day), "D").astype("datetime64[M]").astype(int)
    text = MONTHS[stamp % 12]
    return f"{text[:3] if short else text}{NBSP}{1970 + stamp // 12}"


def listed(words: Sequence[str]) -> str:
    """Words in a row: a; a and b; a, b and c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
