"""Measuring and wrapping words before they are drawn, in inches."""

from __future__ import annotations

import re
from functools import lru_cache

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import LoadFlags

from sim.figures.style import FONTS

SLACK = 1.01  # renderers round a little differently
LEADING = 1.22


@lru_cache(maxsize=2)
def _font(bold: bool) -> str:
    return findfont(FontProperties(family=FONTS[0], weight="bold" if bold else "normal"))


@lru_cache(maxsize=4096)
def _advance(character: str, bold: bool) -> float:
    """The width of a character as a share of the size of type."""
    font = get_font(_font(bold))
    font.set_size(100, 72)
    return font.load_char(ord(character), flags=LoadFlags.NO_HINTING).linearHoriAdvance / 65536 / 100


def width(text: str, size: float, bold: bool = False) -> float:
    """The width of one line in inches: the sum of its characters, which kerning makes a little narrower."""
    return sum(_advance(character, bold) for character in text) * size / 72 * SLACK


def height(size: float, lines: int = 1) -> float:
    """The height of some lines in inches."""
    return size / 72 * LEADING * lines


@lru_cache(maxsize=1)
def _glyphs() -> frozenset[int]:
    return frozenset(get_font(_font(False)).get_charmap())


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """One line of printable text: white space made single, characters that the font lacks as boxes."""
    words = re.sub(r"[ \t\r\n\f\v]+", " ", text).strip(" ")
    printable = (c for c in words if c.isprintable() or c == "\u00a0")
    return "".join(c if ord(c) in _glyphs() else "\u25a1" for c in printable)


def shorten(text: str, room: float, size: float, bold: bool = False) -> str:
    """The text, cut with an ellipsis where it is wider than the room."""
    text = plain(text)
    if width(text, size, bold) <= room:
        return text
    while text and width(text.rstrip() + "…", size, bold) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def balanced(text: str, room: float, size: float, bold: bool = False, narrowest: float = 0.55) -> list[str]:
    """Lines that fit the room, as even as they can be without taking more of them.

    narrowest : part of the room below which lines are not made narrower.
    """
    lines = wrap(text, room, size, bold, most=6)
    for part in (0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95):
        narrower = wrap(text, room * part, size, bold, most=6) if part >= narrowest else []
        if 1 < len(narrower) <= len(lines) and " ".join(narrower) == " ".join(lines):
            return narrower
    return lines


def wrap(text: str, room: float, size: float, bold: bool = False, most: int = 4) -> list[str]:
    """Lines that fit the room; what does not fit `most` lines is cut with an ellipsis."""
    lines: list[str] = []
    for word in plain(text).split(" "):
        if lines and width(f"{lines[-1]} {word}", size, bold) <= room:
            lines[-1] = f"{lines[-1]} {word}"
        elif word:
            lines.append(word)
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return [shorten(line, room, size, bold) for line in lines]
