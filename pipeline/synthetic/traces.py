"""What the latent states leave in the interactions: usage, sign-ins, talk, notes, tickets and survey answers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline.asof import DAY
from pipeline.synthetic.chain import WEEK
from pipeline.synthetic.course import NEVER_DAY, Course
from pipeline.synthetic.directory import HOUR, UTC
from pipeline.synthetic.drifting import record_otherwise
from pipeline.synthetic.merges import Merges
from pipeline.synthetic.notes import ATTEMPTS, Occasions, occasions, written
from pipeline.synthetic.population import Population
from pipeline.synthetic.service import Cells, cells_of, contacts_in_turn, happenings

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NEVER = NEVER_DAY * DAY

MINUTES = np.array([8.0, 35.0, 80.0, 150.0])
"""Weekly minutes of use per seat, by engagement."""

LOGINS = np.array([0.08, 0.65, 2.10])
"""Weekly sign-ins by those who hand out the seats, by how tight they are."""

TALK = {"email": (0.36, 0.20), "call": (0.012, 0.12), "meeting": (0.006, 0.06)}
"""Weekly conversations once the contact has departed, and while present."""

STAND_INS = 5
"""Colleagues who answer in turn, none for long, while there is no contact."""

TICKETS = np.array([0.04, 0.50, 1.0])
"""Weekly tickets, by health."""

DAYS_OPEN = np.array([1.5, 4.0, 9.0])
CSAT = np.array([4.5, 3.4, 2.3])
NPS_RATE = 0.045


Rows = dict[str, NDArray]


def _rows(kind: int, account: Ints, occurred: Ints, known: Ints, **more: NDArray) -> Rows:
    count = len(account)
    empty: Rows = {
        "quantity": np.full(count, np.nan),
        "score": np.full(count, np.nan),
        "contact": np.full(count, -1, np.int32),
        "closed": np.full(count, NEVER),
        "cancelled": np.full(count, NEVER),
        "text": np.full(count, -1, np.int32),
    }
    if "contact" in more:
        more["contact"] = more["contact"].astype(np.int32)
    return (
        {"kind": np.full(count, kind, np.int8), "account": account, "occurred": occurred, "known": known} | empty | more
    )


KINDS = ("usage", "login", "email", "call", "meeting", "ticket", "csat", "nps", "note")


def interactions(
    people: Population,
    course: Course,
    merges: Merges,
    rng: np.random.Generator,
    pen: np.random.Generator,
    drift: int | None = None,
) -> pa.Table:
    """Return the interactions known when the course ends, with the faults real extracts have; `pen` draws the notes.

    From the day `drift` on they are recorded in another way (see `drifting`).
    """
    rows, when = _happened(people, course, rng, pen)
    _delay(rows, rng)
    rows["number"] = np.arange(len(rows["kind"]))
    _correct(rows, rng)
    if drift is not None:
        record_otherwise(rows, KINDS, drift)
    end = course.last_day * DAY
    kept = np.flatnonzero((rows["known"] < end) & (rows["occurred"] > people.opened[rows["account"]] * DAY))
    kept = kept[np.lexsort((rows["number"][kept], rows["known"][kept]))]
    for name in rows:  # column by column, so that only one is held twice
        rows[name] = rows[name][kept]
    return _table(rows, written(people, when, pen), people, merges, end, rng)


def _happened(
    people: Population, course: Course, rng: np.random.Generator, pen: np.random.Generator
) -> tuple[Rows, Occasions]:
    """Return the rows of all kinds, and when notes are written."""
    came = contacts_in_turn(course)
    cells = cells_of(course, came)
    parts = [_usage(people, cells, rng), _logins(cells, rng)]
    talk = {kind: _talk(kind, cells, rng) for kind in TALK}
    tickets = _tickets(cells, rng)
    parts += [*talk.values(), tickets, _csat(tickets, rng), _nps(cells, rng)]
    spoken = {name: np.concatenate([talk["call"][name], talk["meeting"][name]]) for name in talk["call"]}
    picked, instants = happenings(ATTEMPTS[cells.levels["contact"]], cells, pen)
    when = occasions(course, came, spoken, (cells.account[picked], instants), pen)
    parts.append(_notes(when, pen))
    return {name: np.concatenate([part.pop(name) for part in parts]) for name in list(parts[0])}, when


def _usage(people: Population, cells: Cells, rng: np.random.Generator) -> Rows:
    """A report per week on its last evening: minutes per seat."""
    own = np.exp(rng.normal(0, 0.12, len(people)))
    level = MINUTES[cells.levels["engagement"]] * own[cells.account] * _season(cells.start)
    minutes = np.round(level * np.exp(rng.normal(0, 0.3, len(cells))), 1)
    some = (cells.levels["engagement"] > 0) | (rng.random(len(cells)) < 0.5)
    occurred = cells.start + WEEK * DAY - 3 * HOUR + rng.integers(0, HOUR, len(cells))
    account = cells.account[some]
    return _rows(0, account, occurred[some], occurred[some] + HOUR, quantity=minutes[some])


def _season(start: Ints) -> Floats:
    """Use falls in July and over Christmas for everybody."""
    day = (start // DAY) % 365.25
    july = np.exp(-(((day - 200) / 18) ** 2))
    christmas = np.exp(-((((day + 180) % 365.25 - 177) / 8) ** 2))
    return 1 - 0.25 * july - 0.3 * christmas


def _logins(cells: Cells, rng: np.random.Generator) -> Rows:
    picked, occurred = happenings(LOGINS[cells.levels["seats"]], cells, rng)
    minutes = np.round(np.exp(rng.normal(2, 0.6, len(picked))), 1)
    return _rows(1, cells.account[picked], occurred, occurred + HOUR // 60, quantity=minutes)


def _talk(kind: str, cells: Cells, rng: np.random.Generator) -> Rows:
    rates = np.array(TALK[kind])[cells.levels["contact"]]
    picked, occurred = happenings(rates, cells, rng)
    count = len(picked)
    minutes = np.round(np.exp(rng.normal(3 if kind == "call" else 4, 0.5, count)))
    present = cells.levels["contact"][picked] == 1
    contact = np.where(present, cells.contact[picked], 50 + rng.integers(0, STAND_INS, count))
    known = occurred + rng.integers(HOUR // 60, 6 * HOUR, count)
    if kind == "email":
        return _rows(2, cells.account[picked], occurred, known, contact=contact)
    if kind == "call":
        return _rows(3, cells.account[picked], occurred, known, contact=contact, quantity=minutes)
    # A meeting is booked in the week and held days later; some are called off.
    lead = rng.integers(2, 35, count) * DAY
    called_off = occurred + (rng.random(count) * lead).astype(np.int64)
    cancelled = np.where(rng.random(count) < np.where(present, 0.12, 0.5), called_off, NEVER)
    return _rows(
        4, cells.account[picked], occurred + lead, occurred, contact=contact, quantity=minutes, cancelled=cancelled
    )


def _tickets(cells: Cells, rng: np.random.Generator) -> Rows:
    picked, occurred = happenings(TICKETS[cells.levels["health"]], cells, rng)
    days = DAYS_OPEN[cells.levels["health"][picked]] * np.exp(rng.normal(0, 0.8, len(picked)))
    closed = occurred + (days * DAY).astype(np.int64)
    return _rows(
        5, cells.account[picked], occurred, occurred + HOUR // 30, closed=closed, level=cells.levels["health"][picked]
    )


def _csat(tickets: Rows, rng: np.random.Generator) -> Rows:
    level = tickets.pop("level")
    answered = np.flatnonzero(rng.random(len(level)) < 0.55)
    score = np.clip(np.round(CSAT[level[answered]] + rng.normal(0, 0.9, len(answered))), 1, 5)
    occurred = tickets["closed"][answered] + rng.integers(HOUR, 30 * HOUR, len(answered))
    return _rows(6, tickets["account"][answered], occurred, occurred + HOUR // 60, score=score)


def _nps(cells: Cells, rng: np.random.Generator) -> Rows:
    rates = NPS_RATE * np.where(cells.levels["contact"] == 1, 1.0, 0.3)
    picked, occurred = happenings(rates, cells, rng)
    mean = (
        np.array([8.8, 7.2, 4.8])[cells.levels["health"]] + np.array([-2.0, -1.0, 0.0, 0.5])[cells.levels["engagement"]]
    )
    score = np.clip(np.round(mean[picked] + rng.normal(0, 1.3, len(picked))), 0, 10)
    contact = np.where(cells.levels["contact"][picked] == 1, cells.contact[picked], -1)
    return _rows(7, cells.account[picked], occurred, occurred + HOUR // 60, score=score, contact=contact)


def _notes(when: Occasions, rng: np.random.Generator) -> Rows:
    """A fifth of the notes are written up a day or more after the talk."""
    count = len(when)
    days = np.where(rng.random(count) < 0.2, rng.integers(1, 4, count), 0)
    known = when.at + rng.integers(HOUR // 60, HOUR, count) + days * DAY
    return _rows(8, when.account, when.at, known, contact=when.spoken, text=np.arange(count, dtype=np.int32))


def _delay(rows: Rows, rng: np.random.Generator) -> None:
    """Let some rows arrive days late."""
    count = len(rows["kind"])
    late = (rng.random(count) < 0.03) & (rows["kind"] != KINDS.index("meeting"))
    rows["known"] = rows["known"] + np.where(late, rng.integers(DAY, 18 * DAY, count), 0)


def _correct(rows: Rows, rng: np.random.Generator) -> None:
    """Put before some usage reports and scores a first, wrong version under the same id."""
    count = len(rows["kind"])
    measured = ~np.isnan(rows["quantity"]) | ~np.isnan(rows["score"])
    who = np.flatnonzero(measured & (rows["kind"] != KINDS.index("meeting")) & (rng.random(count) < 0.008))
    first = {name: values[who] for name, values in rows.items()}
    first["quantity"] = np.round(first["quantity"] * rng.uniform(0.3, 0.9, len(who)), 1)
    first["score"] = np.maximum(first["score"] - rng.integers(0, 3, len(who)), 1)
    rows["known"][who] += rng.integers(DAY, 10 * DAY, len(who))
    for name in rows:
        rows[name] = np.concatenate([first[name], rows[name]])


def _table(
    rows: Rows, texts: pa.Array, people: Population, merges: Merges, end: int, rng: np.random.Generator
) -> pa.Table:
    count = len(rows["kind"])
    carried = merges.ids_of(rows["account"], rows["known"], "contact")
    ids = merges.ids.take(pa.array(rows["account"]))
    spoken = rows["contact"] >= 0
    contact = pc.binary_join_element_wise(ids, pa.array(rows["contact"] + 1).cast(pa.string()), "-")
    occurred, known = rows["occurred"].copy(), rows["known"]
    # What is wrong in it: a few accounts nobody knows, and a few days that cannot be.
    wrong = rng.choice(count, min(count, 2 + count // 20_000), replace=False)
    half = len(wrong) // 2
    unknown = np.zeros(count, bool)
    unknown[wrong[:half]] = True
    occurred[wrong[half:]] = -2_208_988_800_000_000 - 365 * DAY  # 1899
    return pa.table(
        {
            "interaction_id": pc.binary_join_element_wise(
                "I", pa.array(rows["number"] + people.numbered).cast(pa.string()), ""
            ),
            "account_id": pc.if_else(pa.array(unknown), pc.binary_join_element_wise("X", ids, ""), carried),
            "kind": pa.array(KINDS).take(pa.array(rows["kind"])),
            "occurred_at": pa.array(occurred, UTC),
            "quantity": pa.array(rows["quantity"], mask=np.isnan(rows["quantity"])),
            "score": pa.array(rows["score"], mask=np.isnan(rows["score"])),
            "contact_id": pc.if_else(pa.array(spoken), contact, None),
            "text": texts.take(pa.array(rows["text"], mask=rows["text"] < 0)),
            "closed_at": pa.array(rows["closed"], UTC, mask=rows["closed"] >= end),
            "cancelled_at": pa.array(rows["cancelled"], UTC, mask=rows["cancelled"] >= end),
            "known_at": pa.array(known, UTC),
        }
    )
