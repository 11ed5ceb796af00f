from __future__ import annotations

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.scenario.actors import Chip
from sim.scenario.conditions import (
    OPERATORS,
    Comparison,
    Conjunction,
    Disjunction,
    Membership,
    Negation,
    Predicate,
)
from sim.scenario.predicate import PredicateError, Vocabulary, parse

WORDS = Vocabulary(numbers=frozenset({"tpp", "density"}), texts=frozenset({"name", "vendor"}))
H20 = {"name": "h20", "vendor": "nvidia", "tpp": 2368.0, "density": 2.9}

FIELDS = st.sampled_from(["tpp", "density", "name", "vendor", "origin", "not_a_keyword"])
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32).map(float)
CHARACTERS = st.characters(exclude_characters='"', exclude_categories=["C", "Z"])
TEXTS = st.text(CHARACTERS, max_size=8) | st.sampled_from(
    ["h20", "mi308", "910b", "910", "and", "in", "a b", "-3", "1e5"]
)
COMPARISONS = st.builds(Comparison, FIELDS, st.sampled_from(OPERATORS), NUMBERS | TEXTS)
MEMBERSHIPS = st.builds(Membership, FIELDS, st.lists(NUMBERS | TEXTS, min_size=1, max_size=3).map(tuple))


def joined(parts: st.SearchStrategy[Predicate]) -> st.SearchStrategy[Predicate]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.builds(Negation, parts) | st.builds(Conjunction, several) | st.builds(Disjunction, several)


PREDICATES = st.recursive(COMPARISONS | MEMBERSHIPS, joined, max_leaves=8)
CHIPS = st.fixed_dictionaries(
    {},
    optional={name: st.none() | NUMBERS | TEXTS for name in ("tpp", "density", "name", "vendor", "origin")},
)


@given(PREDICATES)
def test_the_text_of_a_predicate_parses_back_to_it(predicate):
    assert parse(str(predicate)) == predicate


def independently(predicate: Predicate, chip: dict[str, object]) -> bool:
    """What a predicate should say, written a second time, from the docstring."""
    operators = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
    match predicate:
        case Negation(inner):
            return not independently(inner, chip)
        case Conjunction(parts):
            return not any(not independently(part, chip) for part in parts)
        case Disjunction(parts):
            return sum(independently(part, chip) for part in parts) > 0
        case Membership(field, values):
            return any(independently(Comparison(field, "==", value), chip) for value in values)
        case Comparison(field, sign, value):
            found = chip.get(field)
            if found is None or type(found) is not type(value):
                return False
            if sign in ("==", "!="):
                return (found == value) == (sign == "==")
            return operators[sign](found, value)
    raise AssertionError(predicate)


@given(PREDICATES, CHIPS)
def test_evaluation_agrees_with_an_independent_one(predicate, chip):
    assert predicate(chip) == independently(predicate, chip)


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("tpp >= 4800", False),
        ("tpp >= 1600 and density >= 5.92", False),
        ("tpp >= 4800 or tpp >= 1600 and density >= 1.6", True),
        ("not (tpp >= 4800 or density > 5)", True),
        ("not tpp >= 4800 and vendor == amd", False),
        ("name in [h20, mi308]", True),
        ("vendor == nvidia and name != h100", True),
        ('name == "h20"', True),
        ("tpp == 2368.0", True),
        ("tpp < 2.4e3", True),
    ],
)
def test_rules_as_the_law_writes_them(text, covered):
    assert parse(text, WORDS)(H20) is covered


def test_and_binds_tighter_than_or_and_not_tighter_than_and():
    assert parse("a == 1 or b == 1 and c == 1") == parse("a == 1 or (b == 1 and c == 1)")
    assert parse("not a == 1 and b == 1") == parse("(not a == 1) and b == 1")


@pytest.mark.parametrize("sign", OPERATORS)
def test_what_is_not_known_of_a_chip_compares_false(sign):
    assert parse(f"density {sign} 5.92")({"density": None}) is False
    assert parse(f"density {sign} 5.92")({}) is False


def test_fields_are_those_that_it_looks_at():
    assert parse("not (tpp > 1 and name in [x]) or density < 3").fields == {"tpp", "name", "density"}


def test_a_name_that_looks_like_a_number_is_text_where_the_field_is():
    assert parse("name == 910", WORDS)({"name": "910"})
    assert parse("name in [910, h20]", WORDS)({"name": "910"})


ALL = "a field: density, name, tpp, vendor"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tpq >= 4800", f"column 1: found 'tpq'; allowed: {ALL} (did you mean 'tpp'?)"),
        ("tpp >= ", "column 7: found the end; allowed: a number, as 'tpp' is one"),
        ("", f"column 1: found the end; allowed: {ALL}; or 'not' or '('"),
        ("tpp = 3", "column 5: found '='; allowed: one of: >=, >, <=, <, ==, !=, in"),
        ("tpp 3", "column 5: found '3'; allowed: one of: >=, >, <=, <, ==, !=, in"),
        ("3 < tpp", f"column 1: found '3'; allowed: {ALL}; or 'not' or '('"),
        ("tpp > nvidia", "column 7: found 'nvidia'; allowed: a number, as 'tpp' is one"),
        ('tpp > "3"', "column 7: found \"3\"; allowed: a number, as 'tpp' is one"),
        ("tpp > 1e999", "column 7: found '1e999'; allowed: a finite number"),
        ("vendor >= nvidia", "column 8: found '>='; allowed: '==', '!=' or 'in', as 'vendor' is text"),
        ("(tpp > 3", "column 9: found the end; allowed: 'and', 'or' or ')'"),
        ("tpp > 3)", "column 8: found ')'; allowed: 'and', 'or', or the end"),
        ("tpp > 3 & density > 2", "column 9: found '&'; allowed: 'and', 'or', or the end"),
        ("tpp > 3 and", f"column 12: found the end; allowed: {ALL}; or 'not' or '('"),
        ("name in h20", "column 9: found 'h20'; allowed: '[', which starts a list of values"),
        ("name in [h20", "column 13: found the end; allowed: ',' or ']'"),
        ("name in []", "column 10: found ']'; allowed: a number or a name"),
        ("name == and", "column 9: found 'and'; allowed: a number or a name"),
        ("__import__('os')", "column 1: found '__import__'; allowed: " + ALL),
    ],
)
def test_what_is_no_predicate_is_refused_with_column_and_remedy(text, message):
    with pytest.raises(PredicateError) as caught:
        parse(text, WORDS)
    assert str(caught.value) == message


@pytest.mark.parametrize("text", ["(" * 5000, "not " * 400 + "tpp > 1", "x" * 100_000])
def test_a_hostile_text_is_refused_rather_than_overflowing(text):
    with pytest.raises(PredicateError, match="at most"):
        parse(text)


@given(st.text(max_size=40))
def test_any_text_parses_or_is_refused(text):
    try:
        predicate, column = parse(text), 1
    except PredicateError as error:
        predicate, column = None, error.column
    assert predicate is None or parse(str(predicate)) == predicate
    assert 1 <= column <= len(text) + 1


def test_the_vocabulary_of_chips_is_read_off_the_declarations():
    chips = Vocabulary.of(Chip, "name")
    assert {"tpp", "density", "memory", "bandwidth", "interconnect"} <= chips.numbers
    assert {"name", "vendor", "origin"} <= chips.texts
