"""The process behind the company: a Markov chain per account, and what it makes likely in a week.

Five components move independently of one another, once a week. In a week at most one thing happens to an account's
contract, on a day drawn evenly from the seven: notice, growth or shrinkage. Its probability depends on the
components, the segment and the contract's calendar alone, so that every probability further ahead is a sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

WEEK = 7
"""Days in a step."""

LOCK_WEEKS = 26
"""A returned or reduced contract runs this long without notice, growth or shrinkage."""

GROWTH = 1.06
"""MRR moves on a lattice: total MRR = start x GROWTH ** level x indexation."""

GROWTH_STEPS = (1, 2, 3, 5)
GROWTH_SHARES = (0.25, 0.35, 0.28, 0.12)
"""How many levels growth takes at once, and how often."""

SHRINK_STEP = 2

INDEXATION = (0.0, 0.028, 0.047, 0.076)
"""Yearly price rise by the account's clause, on each anniversary of the term."""

YEAR = 365


@dataclass(frozen=True)
class Component:
    """One latent component: its levels, weekly moves, and what each level adds to notice and does to growth.

    `moves[i][j]` is the weekly probability of going from level i to level j. `notice` is added to the weekly
    probability of notice, `growth` multiplies that of growth. `newcomers` are the shares of
    levels among new accounts.
    """

    levels: tuple[str, ...]
    calm: tuple[bool, ...]
    moves: Floats
    notice: Floats
    growth: Floats
    newcomers: Floats


def _component(
    levels: str,
    calm: str,
    moves: Mapping[tuple[int, int], float],
    *,
    notice: list[float],
    growth: list[float],
    new: list[float],
) -> Component:
    names = tuple(levels.split())
    matrix = np.zeros((len(names), len(names)))
    for (start, end), share in moves.items():
        matrix[start, end] = share
    matrix[np.diag_indices(len(names))] = 1 - matrix.sum(axis=1)
    quiet = tuple(name in calm.split() for name in names)
    return Component(names, quiet, matrix, np.array(notice), np.array(growth), np.array(new))


COMPONENTS: Mapping[str, Component] = {
    "seats": _component(
        "slack snug tight", "slack snug tight",
        {(0, 1): 0.011, (1, 0): 0.004, (1, 2): 0.010, (2, 1): 0.004},
        notice=[0.0, 0.0, 0.0], growth=[0.35, 1.0, 2.9], new=[0.6, 0.35, 0.05],
    ),
    "engagement": _component(
        "dormant low normal high", "normal high",
        {(0, 1): 0.010, (1, 0): 0.050, (1, 2): 0.025, (2, 1): 0.0040, (2, 3): 0.005, (3, 2): 0.009},
        notice=[0.031, 0.003, 0.0, 0.0], growth=[0.08, 0.3, 1.0, 3.0], new=[0.0, 0.05, 0.65, 0.30],
    ),
    "health": _component(
        "fine strained broken", "fine",
        {(0, 1): 0.0026, (1, 0): 0.015, (1, 2): 0.045, (2, 1): 0.008},
        notice=[0.0, 0.003, 0.028], growth=[1.0, 0.4, 0.1], new=[0.95, 0.05, 0.0],
    ),
    "contact": _component(
        "departed present", "present",
        {(0, 1): 0.005, (1, 0): 0.0013},
        notice=[0.021, 0.0], growth=[0.15, 1.0], new=[0.0, 1.0],
    ),
    "budget": _component(
        "tight ample", "ample",
        {(0, 1): 0.005, (1, 0): 0.0013},
        notice=[0.019, 0.0], growth=[0.15, 1.0], new=[0.03, 0.97],
    ),
}  # fmt: skip

SHAPE = tuple(len(part.levels) for part in COMPONENTS.values())
STATES = int(np.prod(SHAPE))
_LEVELS = np.stack(np.unravel_index(np.arange(STATES), SHAPE))
APART = STATES // SHAPE[0]
"""States that differ in more than seats. Seats come first: their level is state // APART, the rest is state % APART."""


def levels_of(state: NDArray[np.uint8]) -> dict[str, NDArray[np.int64]]:
    """Return the level of each component for states numbered 0 to STATES - 1."""
    return {name: _LEVELS[position][state] for position, name in enumerate(COMPONENTS)}


def _joint_moves() -> Floats:
    joint: Floats = np.ones((1, 1))
    for part in COMPONENTS.values():
        joint = np.asarray(np.kron(joint, part.moves), dtype=np.float64)
    return joint


MOVES: Floats = _joint_moves()
"""Weekly moves between the STATES joint states."""

RELIEVED: NDArray[np.uint8] = (np.arange(STATES) % APART).astype(np.uint8)
"""The state an account is in after growth: its seats are slack again."""

CALM: Flags = np.all([np.array(part.calm)[row] for part, row in zip(COMPONENTS.values(), _LEVELS, strict=True)], axis=0)
"""Whether nothing about a state foretells notice."""

NOTICE_SUDDEN = 0.0024
"""Weekly probability of notice that nothing foretells: acquired, closed, a change of mind."""

NOTICE_PARTS: Floats = np.stack(
    [part.notice[row] for part, row in zip(COMPONENTS.values(), _LEVELS, strict=True)]
    + [np.full(STATES, NOTICE_SUDDEN)]
)
NOTICE: Floats = NOTICE_PARTS.sum(axis=0)

GROW: Floats = 0.0100 * np.prod(
    [part.growth[row] for part, row in zip(COMPONENTS.values(), _LEVELS, strict=True)], axis=0
)

_LOW = _LEVELS[list(COMPONENTS).index("engagement")] <= 1
_TIGHT = _LEVELS[list(COMPONENTS).index("budget")] == 0
SHRINK: Floats = 0.0002 + 0.0006 * _TIGHT + 0.0003 * _LOW

NOTICE_BY_SEGMENT = np.array([1.4, 0.85, 0.45])
GROW_BY_SEGMENT = np.array([0.5, 1.25, 2.4])
NOTICE_AFTER_RISE = np.array([0.0, 0.004, 0.008, 0.016])


@dataclass(frozen=True)
class Terms:
    """What is fixed about each account's contract: arrays of one value per account.

    `segment`, `index` are positions in SEGMENTS and INDEXATION; `annual` tells yearly from monthly contracts;
    `started` is the day (since 1970-01-01) on which the present term's count of years began.
    """

    segment: NDArray[np.int8]
    annual: Flags
    index: NDArray[np.int8]
    started: Ints

    def take(self, picked: NDArray[np.int64] | slice) -> Terms:
        return Terms(self.segment[picked], self.annual[picked], self.index[picked], self.started[picked])

    def restarted(self, picked: Ints, days: Ints) -> Terms:
        """Return the terms with those of the picked accounts counted from `days`."""
        started = self.started.copy()
        started[picked] = days
        return Terms(self.segment, self.annual, self.index, started)

    @property
    def notice_days(self) -> Ints:
        """Days from notice to the end of the contract."""
        return np.where(self.annual, 60, 30).astype(np.int64)

    def rises(self, first: int | Ints, until: int | Ints) -> Ints:
        """Return how many anniversaries fall on the days `[first, until)`."""
        return np.maximum((until - 1 - self.started) // YEAR, 0) - np.maximum((first - 1 - self.started) // YEAR, 0)


def weekly_odds(state_notice: Floats, state_grow: Floats, terms: Terms, day: int) -> tuple[Floats, Floats]:
    """Return the probabilities of notice and of growth in the week that starts on `day`.

    `state_notice` and `state_grow` hold NOTICE and GROW for one state per account, or with a last axis over states;
    the results have the same shape.
    """
    age = day - terms.started
    since, ahead = age % YEAR, YEAR - age % YEAR
    season = np.where(terms.annual, np.where((ahead >= 21) & (ahead < 112), 2.0, 0.65), 1.0)
    rise = np.where((age >= YEAR) & (since < 84), NOTICE_AFTER_RISE[terms.index], 0.0)
    scale, grow = NOTICE_BY_SEGMENT[terms.segment] * season, GROW_BY_SEGMENT[terms.segment]
    if state_notice.ndim > 1:
        scale, rise, grow = scale[:, None], rise[:, None], grow[:, None]
    return state_notice * scale + rise, state_grow * grow


def newcomers() -> Floats:
    """Return the shares of the states among new accounts."""
    share: Floats = np.ones(1)
    for part in COMPONENTS.values():
        share = np.asarray(np.kron(share, part.newcomers), dtype=np.float64)
    return share


def settled() -> Floats:
    """Return the shares of the states that stay the same from week to week among accounts that do not leave."""
    share = newcomers()
    for _ in range(500):
        share = share @ MOVES
        grown = share * GROW
        share = share * (1 - NOTICE) - grown + np.bincount(RELIEVED, grown, minlength=STATES)
        share /= share.sum()
    return share


def draw_states(count: int, shares: Floats, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return states of `count` accounts, drawn by their shares."""
    return rng.choice(STATES, count, p=shares).astype(np.uint8)


def move_states(state: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the states one week later."""
    moved = []
    for part, level in zip(COMPONENTS.values(), _LEVELS[:, state], strict=True):
        bounds = np.cumsum(part.moves, axis=1)[level, :-1]
        moved.append((rng.random(len(state))[:, None] >= bounds).sum(axis=1))
    return np.ravel_multi_index(moved, SHAPE).astype(np.uint8)


NOTHING, NOTICED, GREW, SHRANK = 0, 1, 2, 3


def draw_events(
    state: NDArray[np.uint8], terms: Terms, free: Flags, day: int, rng: np.random.Generator
) -> tuple[NDArray[np.int8], NDArray[np.int64], NDArray[np.int64]]:
    """Return what happens to each account in the week that starts on `day`: kind, day in the week, growth steps.

    Nothing happens to accounts that are not `free`.
    """
    notice, grow = weekly_odds(NOTICE[state], GROW[state], terms, day)
    chance = rng.random(len(state))
    bounds = np.cumsum([notice, grow, SHRINK[state]], axis=0)
    kind = np.select([chance < bounds[0], chance < bounds[1], chance < bounds[2]], [NOTICED, GREW, SHRANK], NOTHING)
    weekday = rng.integers(0, WEEK, len(state))
    step = rng.choice(GROWTH_STEPS, len(state), p=GROWTH_SHARES)
    return np.where(free, kind, NOTHING).astype(np.int8), weekday, step
