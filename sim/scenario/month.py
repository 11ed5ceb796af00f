"""A calendar month: the clock of the simulator."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import Any, Self, overload

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_PATTERN = re.compile(r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2}))?")
ALLOWED = "a month YYYY-MM, or a date YYYY-MM-DD"


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """One calendar month, ordered, hashable, and able to count.

    Written ``YYYY-MM`` in scenario files. A full date is accepted where the real world has one (the day an
    export rule took effect); the model moves in months, so the day is dropped.

    Parameters
    ----------
    year
        1 to 9999.
    month
        1 (January) to 12 (December).

    Examples
    --------
    >>> Month.parse("2023-10-17") - Month(2022, 11)
    11
    >>> str(Month(2022, 11) + 2)
    '2023-01'
    """

    year: int
    month: int

    def __post_init__(self) -> None:
        try:
            datetime.date(self.year, self.month, 1)
        except ValueError as error:
            raise ValueError(f"no such month ({error})") from error

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``YYYY-MM`` or ``YYYY-MM-DD``; a day that is not in the calendar is refused.

        Raises
        ------
        ValueError
            If the text has another form or names an impossible date.
        """
        match = _PATTERN.fullmatch(text)
        if match is None:
            raise ValueError("not a month")
        year, month, day = match.groups(default="01")
        try:
            date = datetime.date(int(year), int(month), int(day))
        except ValueError as error:
            raise ValueError(f"no such date ({error})") from error
        return cls(date.year, date.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    def __repr__(self) -> str:
        return f"Month({str(self)!r})"

    @property
    def _count(self) -> int:
        return 12 * self.year + self.month - 1

    def __add__(self, months: int) -> Month:
        year, month = divmod(self._count + months, 12)
        return Month(year, month + 1)

    @overload
    def __sub__(self, other: Month) -> int: ...
    @overload
    def __sub__(self, other: int) -> Month: ...
    def __sub__(self, other: Month | int) -> int | Month:
        if isinstance(other, Month):
            return self._count - other._count
        return self + -other

    def date(self) -> datetime.date:
        """First day of the month, for axes and tables."""
        return datetime.date(self.year, self.month, 1)

    @classmethod
    def _validate(cls, value: object) -> Month:
        if isinstance(value, cls):
            return value
        if isinstance(value, datetime.date):
            return cls(value.year, value.month)
        reason = "not a month"
        if isinstance(value, str):
            try:
                return cls.parse(value)
            except ValueError as error:
                reason = str(error)
        about = {"reason": reason, "allowed": ALLOWED}
        raise PydanticCustomError("month", "{reason}; allowed: {allowed}", about)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validate, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "pattern": f"^{_PATTERN.pattern}$", "description": ALLOWED}
