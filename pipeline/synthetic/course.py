"""The course of every account, week by week: its states, and what happened to its contract."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.synthetic.chain import (
    CALM,
    COMPONENTS,
    GREW,
    GROWTH,
    INDEXATION,
    LOCK_WEEKS,
    NOTICE_PARTS,
    NOTICED,
    RELIEVED,
    SHRANK,
    SHRINK_STEP,
    WEEK,
    YEAR,
    Terms,
    draw_events,
    draw_states,
    move_states,
    newcomers,
    settled,
    weekly_odds,
)
from pipeline.synthetic.population import Population

RETURN_SHARE = 0.06
"""Share of leavers that come back, on a day drawn evenly from RETURN_DAYS after their contract's end."""

RETURN_DAYS = (5, 45)

CAUSES = (*COMPONENTS, "sudden", "price")

NEVER_DAY = 10**6

CORE, EXTRA = 0, 1
"""The two lines a contract may have."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Course:
    """Arrays [week, account] of the weeks from `first_day` on, and columns of versions and of notices.

    `state` holds in the week; `after` at its end, when `running` tells who has a contract and has not given notice,
    `locked` for how many weeks no change is possible, `term` the day the term's years count from.
    `served` marks weeks in which a contract holds for at least a day. `mrr` is the total at the week's end.
    """

    first_day: int
    state: NDArray[np.uint8]
    after: NDArray[np.uint8]
    running: NDArray[np.bool_]
    served: NDArray[np.bool_]
    locked: NDArray[np.int8]
    term: NDArray[np.int32]
    mrr: NDArray[np.float32]
    versions: dict[str, NDArray[np.float64]]
    notices: dict[str, Ints]

    @property
    def weeks(self) -> int:
        return len(self.state)

    @property
    def calm(self) -> NDArray[np.bool_]:
        """Whether nothing about the state in a week foretold notice."""
        return CALM[self.state]

    @property
    def last_day(self) -> int:
        return self.first_day + self.weeks * WEEK


def run_course(people: Population, first_day: int, weeks: int, rng: np.random.Generator) -> Course:
    """Play `weeks` weeks from `first_day` (days since 1970-01-01)."""
    play = _Play(people, rng)
    play.sign_before(first_day)
    shape = (weeks, len(people))
    course = Course(
        first_day,
        state=np.zeros(shape, np.uint8),
        after=np.zeros(shape, np.uint8),
        running=np.zeros(shape, bool),
        served=np.zeros(shape, bool),
        locked=np.zeros(shape, np.int8),
        term=np.zeros(shape, np.int32),
        mrr=np.zeros(shape, np.float32),
        versions={},
        notices={},
    )
    for week in range(weeks):
        day = first_day + week * WEEK
        course.state[week], course.served[week] = play.week(day)
        course.after[week], course.locked[week], course.term[week] = play.state, play.lock, play.terms.started
        course.running[week] = (play.starts < day + WEEK) & (play.ends == NEVER_DAY)
        course.mrr[week] = play.mrr.sum(axis=0)
    course.versions.update(_columns(("account", "contract", "line", "day", "clock", "mrr", "seats"), play.versions))
    course.notices.update(
        _columns(("account", "contract", "noticed_on", "ended_on", "returned_on", "cause"), play.notices)
    )
    return course


class _Play:
    """Where every account stands, and the moves of a week."""

    def __init__(self, people: Population, rng: np.random.Generator) -> None:
        count = len(people)
        self.rng = rng
        self.terms = people.terms
        self.state = draw_states(count, settled(), rng)
        self.starts = people.opened.copy()
        self.ends = np.full(count, NEVER_DAY)
        self.back = np.full(count, NEVER_DAY)
        self.lock = np.zeros(count, np.int64)
        self.contract = np.zeros(count, np.int64)
        self.mrr = np.stack([people.mrr, np.zeros(count)])
        self.seats = people.seats.astype(float)
        self.versions: list[tuple[NDArray[np.float64], ...]] = []
        self.notices: list[tuple[Ints, ...]] = []

    def write(self, who: Ints, day: Ints, clock: int, lines: tuple[int, ...] = (CORE, EXTRA)) -> None:
        """Note a version of the lines that carry money; `clock` is the hour of the day."""
        for line in lines:
            has = self.mrr[line, who] > 0
            one, count = who[has], int(has.sum())
            fixed = (np.full(count, float(line)), day[has], np.full(count, float(clock)))
            self.versions.append((one, self.contract[one], *fixed, self.mrr[line, one], self.seats[one]))

    def sign_before(self, first_day: int) -> None:
        """Note the versions that were in force before the first day: the first, and that of the present term."""
        old = np.flatnonzero(self.starts < first_day)
        self.write(old, self.starts[old], 9)
        turned = old[self.terms.annual[old] & (first_day - self.starts[old] > YEAR)]
        self.write(turned, first_day - 1 - (first_day - 1 - self.starts[turned]) % YEAR, 6)

    def week(self, day: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Play the week from `day` on; return the states in it and who is served in it."""
        fresh = (self.starts >= day) & (self.starts < day + WEEK)
        under = (self.starts < day) & (self.ends == NEVER_DAY)
        self.state = move_states(self.state, self.rng)
        self.state[fresh] = draw_states(int(fresh.sum()), newcomers(), self.rng)
        during, served = self.state.copy(), (self.starts < day + WEEK) & (self.ends > day)
        kind, weekday, step = draw_events(during, self.terms, under & (self.lock == 0), day, self.rng)
        when = day + weekday
        self.lock = np.maximum(self.lock - 1, 0)
        # Anniversaries fall at six in the morning, everything else happens in office hours.
        turns = np.where(under & (self.terms.rises(day, day + WEEK) > 0), self._anniversary(day), NEVER_DAY)
        early = when < turns
        self._grow(np.flatnonzero((kind == GREW) & early), when, step)
        self._shrink(np.flatnonzero((kind == SHRANK) & early), when)
        self._turn(np.flatnonzero((turns < NEVER_DAY) & ~((kind == NOTICED) & early)), turns)
        self._grow(np.flatnonzero((kind == GREW) & ~early), when, step)
        self._shrink(np.flatnonzero((kind == SHRANK) & ~early), when)
        self._notice(np.flatnonzero(kind == NOTICED), when, day)
        served |= self._return(day)
        opened = np.flatnonzero(fresh)
        self.write(opened, self.starts[opened], 9)
        return during, served

    def _anniversary(self, day: int) -> Ints:
        return self.terms.started + (day + WEEK - 1 - self.terms.started) // YEAR * YEAR

    def _turn(self, who: Ints, turns: Ints) -> None:
        rise = np.array(INDEXATION)[self.terms.index[who]]
        self.mrr[:, who] *= 1 + rise
        told = who[(rise > 0) | self.terms.annual[who]]
        self.write(told, turns[told], 6)

    def _grow(self, who: Ints, when: Ints, step: Ints) -> None:
        factor = GROWTH ** step[who]
        gain = self.mrr[:, who].sum(axis=0) * (factor - 1)
        product = (self.mrr[EXTRA, who] == 0) & (step[who] >= 2) & (self.rng.random(len(who)) < 0.35)
        self.mrr[CORE, who] += np.where(product, 0, gain)
        self.mrr[EXTRA, who] += np.where(product, gain, 0)
        self.seats[who] *= np.where(product, 1, factor)
        self.state[who] = RELIEVED[self.state[who]]
        self.write(who[~product], when[who[~product]], 12, (CORE,))
        self.write(who[product], when[who[product]], 12, (EXTRA,))

    def _shrink(self, who: Ints, when: Ints) -> None:
        self.mrr[:, who] *= GROWTH**-SHRINK_STEP
        self.seats[who] *= GROWTH**-SHRINK_STEP
        self.lock[who] = LOCK_WEEKS
        self.write(who, when[who], 12)

    def _notice(self, who: Ints, when: Ints, day: int) -> None:
        self.ends[who] = when[who] + self.terms.notice_days[who]
        returns = self.rng.random(len(who)) < RETURN_SHARE
        days = self.rng.integers(*RETURN_DAYS, len(who))
        self.back[who] = np.where(returns, self.ends[who] + days, NEVER_DAY)
        cause = _causes(self.state[who], self.terms.take(who), day, self.rng)
        self.notices.append((who, self.contract[who], when[who], self.ends[who], self.back[who], cause))

    def _return(self, day: int) -> NDArray[np.bool_]:
        back = (self.back >= day) & (self.back < day + WEEK)
        who = np.flatnonzero(back)
        self.starts[who], self.ends[who], self.back[who] = self.back[who], NEVER_DAY, NEVER_DAY
        self.lock[who] = LOCK_WEEKS
        self.contract[who] += 1
        self.terms = self.terms.restarted(who, self.starts[who])
        self.state[who] = draw_states(len(who), newcomers(), self.rng)
        self.write(who, self.starts[who], 12)
        return back


def _causes(state: NDArray[np.uint8], terms: Terms, day: int, rng: np.random.Generator) -> Ints:
    """Return positions in CAUSES, drawn in proportion to what each adds to the probability of notice."""
    nothing = np.zeros(len(state))
    rise = weekly_odds(nothing, nothing, terms, day)[0]
    scaled = weekly_odds(np.ones(len(state)), nothing, terms, day)[0] - rise
    bounds = np.cumsum(np.vstack([NOTICE_PARTS[:, state] * scaled, rise]), axis=0)
    return (rng.random(len(state)) * bounds[-1] >= bounds[:-1]).sum(axis=0)


def _columns(names: tuple[str, ...], parts: list[tuple[NDArray, ...]]) -> dict[str, NDArray]:
    return {name: np.concatenate([part[position] for part in parts]) for position, name in enumerate(names)}
