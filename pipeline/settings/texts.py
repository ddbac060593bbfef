"""`[texts]`: how the words of notes and messages are read; of the words themselves nothing is stored."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from pipeline.errors import nearest
from pipeline.parsing import Section
from pipeline.texts.numbers import PHONE_REGIONS


def _region(name: str) -> str:
    import phonenumbers  # noqa: PLC0415 - it takes a while, and few configs name regions

    if name not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"unknown region {name!r}, {nearest(name, sorted(phonenumbers.SUPPORTED_REGIONS))}")
    return name


class TextSettings(Section):
    phone_regions: tuple[Annotated[str, AfterValidator(_region)], ...] = PHONE_REGIONS
    """Countries (DK, GB) whose telephone numbers are known where they stand without a country code."""
    competitors: tuple[Annotated[str, Field(min_length=2)], ...] = ()
    """Names of competitors; a text that names one counts as about a competitor."""
