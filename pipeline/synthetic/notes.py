"""The notes that account managers write after talks: what they say hangs together with the state, loosely."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.asof import DAY
from pipeline.synthetic.chain import WEEK, levels_of
from pipeline.synthetic.contacts import full_name, mail, phone
from pipeline.synthetic.course import NEVER_DAY, Course
from pipeline.synthetic.directory import HOUR
from pipeline.synthetic.population import COUNTRIES, Population
from pipeline.synthetic.wording import DANISH, ENGLISH, SUBJECTS, Wording

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

AFTER_TALK = 0.45
"""Share of calls and meetings after which a note is written."""

ATTEMPTS = np.array([0.07, 0.007])
"""Weekly notes about nobody having answered, once the contact has departed and while present."""

DANISH_BY_COUNTRY = {"DK": 0.85, "NO": 0.2, "SE": 0.15}
"""Share of notes in Danish; elsewhere `DANISH_ELSEWHERE`."""

DANISH_ELSEWHERE = 0.03

MISLEADING = 0.04
"""Share of notes whose subject has nothing to do with the state."""

TWO_SUBJECTS, CLOSED, DETAILED, LOWER = 0.2, 0.4, 0.1, 0.3
"""Shares of notes with a second subject, a closing line, somebody's particulars, and without capitals."""

WEIGHTS: Mapping[str, tuple[str, tuple[float, ...]]] = {
    "left": ("contact", (2.5, 0.0)),
    "trouble": ("health", (0.0, 0.7, 1.4)),
    "praise": ("health", (0.2, 0.05, 0.02)),
    "idle": ("engagement", (1.2, 0.6, 0.05, 0.0)),
    "keen": ("engagement", (0.0, 0.05, 0.15, 0.5)),
    "seats": ("seats", (0.02, 0.12, 0.9)),
    "savings": ("budget", (1.0, 0.03)),
}
"""How much each subject presses, by the level of the component it is about; "nothing" presses with 1."""


@dataclass(frozen=True)
class Occasions:
    """When notes are written: positions of accounts, instants, the contact in turn, and which contact was spoken to.

    `spoken` is -1 where nobody was reached, which `attempt` marks. `levels` are those of the week of the note.
    """

    account: Ints
    at: Ints
    contact: Ints
    spoken: Ints
    levels: Mapping[str, Ints]
    attempt: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.account)


def occasions(
    course: Course,
    in_turn: NDArray[np.int16],
    talks: Mapping[str, NDArray],
    calls: tuple[Ints, Ints],
    rng: np.random.Generator,
) -> Occasions:
    """Return when notes are written.

    `in_turn` holds [week, account] which contact is or was the last; `talks` the rows of calls and meetings; `calls`
    positions of accounts and instants at which somebody might be called in vain.
    """
    called_off = talks["cancelled"] < NEVER_DAY * DAY
    chosen = np.flatnonzero(rng.random(len(called_off)) < np.where(called_off, 0.3, AFTER_TALK))
    moment = np.where(called_off, talks["cancelled"], talks["occurred"])[chosen]
    spoken = np.where(called_off, -1, talks["contact"])[chosen]
    account = np.concatenate([talks["account"][chosen], calls[0]])
    at = np.concatenate([moment, calls[1]]) + rng.integers(HOUR // 6, 4 * HOUR, len(account))
    spoken = np.concatenate([spoken, np.full(len(calls[0]), -1)])
    week = (at // DAY - course.first_day) // WEEK
    inside = (week >= 0) & (week < course.weeks)
    inside[inside] = course.served[week[inside], account[inside]]
    account, at, spoken, week = account[inside], at[inside], spoken[inside], week[inside]
    levels = levels_of(course.state[week, account])
    return Occasions(account, at, in_turn[week, account].astype(np.int64), spoken, levels, spoken < 0)


def written(people: Population, when: Occasions, rng: np.random.Generator) -> pa.Array:
    """Return the text of each note."""
    count = len(when)
    own = np.array([DANISH_BY_COUNTRY.get(country, DANISH_ELSEWHERE) for country in COUNTRIES])
    danish = rng.random(count) < own[people.country[when.account]]
    spoken_there = people.country[when.account] == COUNTRIES.index("DK")
    first, second = _subjects(when.levels, rng), _subjects(when.levels, rng)
    nothing = len(SUBJECTS) - 1
    # Of a call that nobody answered there is nothing to tell, unless the switchboard knew that somebody had left.
    silent = when.attempt & (rng.random(count) < 0.5)
    first = np.where(silent, -1, np.where(when.attempt & (first != 0), nothing, first))
    second = np.where((rng.random(count) < TWO_SUBJECTS) & ~when.attempt & (second != first), second, -1)
    shares = {"closed": CLOSED, "detailed": DETAILED, "lower": LOWER}
    marks = {name: rng.random(count) < share for name, share in shares.items()}
    draws = rng.integers(0, 1_000_000, (6, count))
    rows = zip(
        (people.first + when.account).tolist(), when.contact.tolist(), when.spoken.tolist(),
        people.ids[when.account], people.names[when.account], spoken_there.tolist(), danish.tolist(),
        when.attempt.tolist(), first.tolist(), second.tolist(), *(mark.tolist() for mark in marks.values()),
        draws.T.tolist(), strict=True,
    )  # fmt: skip
    return pa.array([_note(*row) for row in rows], pa.string())


def _subjects(levels: Mapping[str, Ints], rng: np.random.Generator) -> Ints:
    """Return per note a position in SUBJECTS, drawn by what presses."""
    press = [np.array(weights)[levels[component]] for component, weights in WEIGHTS.values()]
    bounds = np.cumsum([*press, np.ones_like(press[0])], axis=0)
    drawn = (rng.random(len(press[0])) * bounds[-1] >= bounds[:-1]).sum(axis=0)
    beside = rng.random(len(drawn)) < MISLEADING
    return np.where(beside, rng.integers(0, len(WEIGHTS), len(drawn)), drawn)


def _note(
    number: int, contact: int, spoken: int, account: str, name: str, there: bool, danish: bool,
    attempt: bool, first: int, second: int, closed: bool, detailed: bool, lower: bool, draws: list[int],
) -> str:  # fmt: skip
    wording: Wording = DANISH if danish else ENGLISH
    given, family = full_name(number, contact, there)
    new = full_name(number, spoken if spoken not in (-1, contact) else contact + 50, there)[0]
    parts = [_one(wording["attempt" if attempt else "opening"], draws[0])]
    said = ((first, draws[1]), (second, draws[2]))
    parts += [_one(wording[SUBJECTS[subject]], draw) for subject, draw in said if subject >= 0]
    if closed:
        parts.append(_one(wording["closing"], draws[3]))
    text = " ".join(part for part in parts if part)
    filled = text.replace("{given}", given).replace("{full}", f"{given} {family}").replace("{new}", new)
    filled = filled.replace("{n}", str(2 + draws[4] % 7))
    if lower:
        filled = filled.lower().rstrip(".")
    if detailed:
        own = _one(wording["details"], draws[5]).format(
            full=f"{given} {family}", phone=phone(draws[4], there), mail=mail(given, family, name), id=account
        )
        filled = f"{filled} {own}"
    return filled


def _one(sentences: tuple[str, ...], draw: int) -> str:
    return sentences[draw % len(sentences)]
