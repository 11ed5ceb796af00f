"""The page: a table of all claims, and below it what each rests on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from sim.claims import verdicts
from sim.claims.claim import Pair, Part
from sim.claims.findings import ClaimFound, Findings, PartFound
from sim.claims.schema import Direction
from sim.claims.verdicts import FAILS, HOLDS, MOST, OPEN, Answer
from sim.scenario import Resolved
from sim.study.indicators import Indicator

DIRECTIONS: dict[Direction, str] = {
    "up": "the effect is at least {}",
    "down": "the effect is -{} or less",
    "not_up": "the effect is less than {}",
    "not_down": "the effect is more than -{}",
    "none": "the effect is smaller than {}, either way",
}
USUAL = 32, 16
ORDER = [HOLDS, "depends", FAILS, verdicts.NO_ANSWER]

Form = Callable[[float], str]


def page(found: Findings, figure: str | None = None) -> str:
    """The findings as Markdown; `figure` is the path of the forest plot, seen from the page."""
    return "\n".join([*_head(found, figure), *_table(found), "", *_details(found)]).rstrip() + "\n"


def _head(found: Findings, figure: str | None) -> Iterator[str]:
    size, others = found.size, found.size.others
    yield "# What people say about open and closed AI, tested"
    yield ""
    yield "Written by `aimarkets claims`; do not edit. How claims are tested, and the rule for verdicts:"
    yield "[claims-how.md](claims-how.md)."
    yield ""
    failed = f", {found.failed:,} of which failed" if found.failed else ""
    yield (
        f"{size.draws} draws of what is uncertain x {size.replicates} seeds under the scenarios' own decision rule, "
        f"{others.draws} x {others.replicates} under the others; {found.runs:,} runs{failed}. An effect is the median "
        "over draws, with the interval from the 5th to the 95th percentile. *Sign* is the share of draws in which the "
        "effect goes the way of the claim, *counts* that in which it is large enough too (or, where hardly any effect "
        "is claimed, small enough)."
    )
    yield ""
    if (size.draws, size.replicates) != USUAL:
        yield f"These are not the usual {USUAL[0]} x {USUAL[1]}: read the verdicts as a first look."
        yield ""
    yield "The verdicts are of this model; its known limits are in [odd.md](odd.md), section 8.2."
    yield ""
    if figure is not None:
        yield f"![Effects of all claims with their intervals]({figure})"
        yield ""


def _table(found: Findings) -> Iterator[str]:
    yield "| claim | effect | sign | counts | under which decision rules | turns on | verdict |"
    yield "|---|---|---|---|---|---|---|"
    for claim in found.claims:
        text = claim.claim.text
        yield f"| **{text.number}. {_cell(text.claim)}** | | | | | | **{claim_said(claim)}** |"
        for part in claim.parts:
            yield _row(part)


def _row(part: PartFound | Part) -> str:
    if isinstance(part, Part):
        return f"| {_cell(part.sentence)} | | | | | | untestable |"
    own = part.own
    turn = "" if part.turn is None else f"`{part.turn.parameter}` ({part.turn.correlation:+.2f})"
    cells = (
        _cell(part.part.sentence), f"{effect_said(part)}, {_cell(part.test.unit)}", _share(own.sign),
        _share(own.counts), rules_said(part), turn, part_said(part),
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def effect_said(part: PartFound) -> str:
    """Median and interval of the effect under the scenario's own rule."""
    if not part.own.valued:
        return "no value"
    form = _form(part)
    return f"{form(part.own.median)} ({form(part.own.low)} to {form(part.own.high)})"


def _form(part: PartFound) -> Form:
    if part.test.form == "ratio":
        return lambda value: f"{100 * value:+.3g} %"
    return lambda value: f"{value:+.3g}"


def rules_said(part: PartFound) -> str:
    """Under which decision rules a part holds, fails, or neither."""
    own = part.test.pair.treatment.scenario.choice.rule
    answers = {own: part.own.answer} | {rule: other.answer for rule, other in part.others.items()}
    said = []
    for word in (HOLDS, FAILS, OPEN):
        rules = [rule for rule, answer in answers.items() if answer == word]
        if rules:
            said.append(f"{word}: {'all' if len(rules) == len(answers) > 1 else ', '.join(rules)}")
    return "; ".join(said)


def part_said(part: PartFound) -> str:
    """The verdict on a part in plain words."""
    verdict, own, turn = part.verdict, part.own, part.turn
    if verdict == FAILS:
        why = "the opposite is so" if own.against >= MOST else "too small to count" if _small(part) else ""
        return f"fails: {why}" if why else "fails"
    if verdict == verdicts.NO_ANSWER:
        lost = own.draws - own.valued
        return f"{verdict}: {lost} of {own.draws} draws have no value" if lost else f"{verdict}: too few draws"
    if turn is not None and verdict.startswith("depends on") and verdict.endswith(turn.parameter):
        where = "" if math.isnan(turn.at) else f": yes {'above' if turn.above else 'below'} {turn.at:.3g}"
        return f"depends on `{turn.parameter}`{where}"
    return verdict


def _small(part: PartFound) -> bool:
    """Whether an effect that is claimed is there, but mostly smaller than what counts."""
    return part.test.direction in ("up", "down") and part.own.against <= verdicts.FEW


def claim_said(found: ClaimFound) -> str:
    """The verdict on a claim in plain words, with the parts that are untestable."""
    tested = [part for part in found.parts if isinstance(part, PartFound)]
    verdict = part_said(tested[0]) if len(tested) == 1 else found.verdict
    if verdict == verdicts.DIFFER:
        words = [part.verdict if part.verdict in ORDER else "depends" for part in tested]
        verdict += ": " + ", ".join(f"{words.count(word)} {word}" for word in ORDER if word in words)
    missing = len(found.parts) - len(tested)
    if tested and missing:
        verdict += f" ({missing} of {len(found.parts)} parts untestable)"
    return verdict


def _details(found: Findings) -> Iterator[str]:
    for claim in found.claims:
        text = claim.claim.text
        yield f"## {text.number}. {text.claim.rstrip('.')}"
        yield ""
        yield f"**{claim_said(claim)}.** `scenarios/claims/{claim.claim.path.name}`"
        yield ""
        yield f"*Mechanism:* {text.mechanism.strip()}"
        yield ""
        yield f"*Against it:* {text.against.strip()}"
        yield ""
        yield "*Made by:* " + "; ".join(source.rstrip(".") for source in text.made_by) + "."
        yield ""
        for part in claim.parts:
            yield from _part(part)


def _part(part: PartFound | Part) -> Iterator[str]:
    if isinstance(part, Part):
        yield f"- **{part.sentence}** Untestable. {part.missing.strip()}"
        yield ""
        return
    test = part.test
    yield f"- **{part.part.sentence}** {part_said(part)[:1].upper()}{part_said(part)[1:]}."
    yield f"  {_pair(test.pair)}"
    if test.beside is not None:
        yield f"  Less the same effect between others: {_pair(test.beside)}"
    size = f"{100 * test.smallest:g} %" if test.form == "ratio" else f"{test.smallest:g}"
    counts = DIRECTIONS[test.direction].format(size).replace("-0 or", "0 or")
    yield f"  Effect: {test.unit}, of {_measured(part)}. It counts if {counts}."
    luck = "" if math.isnan(part.luck) else f" Luck is {_share(part.luck)} of its variance over draws."
    yield f"  {effect_said(part)} under the scenario's own rule.{luck}"
    for rule, other in part.others.items():
        yield f"  Under `{rule}`: {_short(part, other)}."
    yield ""


def _short(part: PartFound, other: Answer) -> str:
    if not other.valued:
        return "no value"
    return f"{_form(part)(other.median)}, counts in {_share(other.counts)} of {other.draws} draws ({other.answer})"


def _pair(pair: Pair) -> str:
    control = pair.words[1] if isinstance(pair.control, Resolved) else f"the level {pair.control:g}"
    return f"{pair.words[0]} against {control}."


def _measured(part: PartFound) -> str:
    measures = part.test.measures
    said = "; ".join(f"{name}: {_indicator(one)}" for name, one in measures.items())
    return said.partition(": ")[2] if len(measures) == 1 and part.test.value.text in measures else (
        f"`{part.test.value.text}` ({said})"
    )


def _indicator(one: Indicator) -> str:
    origin = f"models from {one.origin}" if one.origin else ""
    parts = [part for part in (*one.segments, origin, one.weights) if part]
    within = f" ({', '.join(parts)})" if parts else ""
    span = " to ".join(str(month) for month in (one.since, one.until) if month is not None)
    take = "mean" if one.take == "mean" else "at the end"
    return f"`{one.column}` of {one.entity}{within}, {take}{' of ' + span if span else ''}"


def _share(value: float) -> str:
    return "" if math.isnan(value) else f"{100 * value:.0f} %"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
