"""The exact probabilities: against simulated futures, against the tables, and at the edges of what may be asked."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.asof import DAY, instant
from pipeline.errors import AsOfError, SourceError
from pipeline.synthetic import latent_states, make_company, oracle
from pipeline.synthetic.chain import (
    COMPONENTS,
    GREW,
    GROWTH,
    INDEXATION,
    LOCK_WEEKS,
    MOVES,
    NOTICED,
    RELIEVED,
    SHAPE,
    SHRANK,
    STATES,
    Terms,
    draw_events,
    levels_of,
    move_states,
    settled,
)
from pipeline.synthetic.truth import Window, probabilities

END = date(2026, 1, 1)
FUTURES = 2000


def _state(seats: str, engagement: str, health: str = "fine", contact: str = "present", budget: str = "ample") -> int:
    levels = {"seats": seats, "engagement": engagement, "health": health, "contact": contact, "budget": budget}
    return int(np.ravel_multi_index([part.levels.index(levels[name]) for name, part in COMPONENTS.items()], SHAPE))


GOOD = _state("slack", "normal")
TIGHT_SEATS = _state("tight", "high")
DORMANT = _state("slack", "dormant")
ALL_BAD = _state("snug", "dormant", health="broken", contact="departed", budget="tight")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company")
    make_company(folder, accounts=2000, years=2)
    return folder


def _simulate(
    start: int, terms: Terms, locked: int, day: int, window: Window, rng: np.random.Generator
) -> tuple[float, float]:
    """Return the shares of churn and upsell labels among futures played out day by day, from one state."""
    many = Terms(*(np.repeat(part, FUTURES) for part in (terms.segment, terms.annual, terms.index, terms.started)))
    state = np.full(FUTURES, start, dtype=np.uint8)
    lock = np.full(FUTURES, locked)
    happened: list[list[tuple[int, float]]] = [[] for _ in range(FUTURES)]
    notice = np.full(FUTURES, 10**6)
    for week in range(-(-window.until // 7)):
        state = move_states(state, rng)
        free = (lock == 0) & (notice == 10**6)
        kind, weekday, step = draw_events(state, many, free, day + 7 * week, rng)
        lock = np.maximum(lock - 1, 0)
        for one in np.flatnonzero(kind):
            on = day + 7 * week + int(weekday[one])
            if kind[one] == GREW:
                happened[one].append((on, GROWTH ** int(step[one])))
                state[one] = RELIEVED[state[one]]
            elif kind[one] == SHRANK:
                happened[one].append((on, GROWTH**-2))
                lock[one] = LOCK_WEEKS
            elif kind[one] == NOTICED:
                notice[one] = on
    rise = 1 + INDEXATION[int(terms.index[0])]
    end, left, grew = day + window.until, 0, 0
    for one in range(FUTURES):
        ended = int(notice[one]) + int(terms.notice_days[0])
        back = ended + int(rng.integers(5, 45)) if rng.random() < 0.06 else 10**6
        left += day + window.first <= notice[one] < end and not back - ended < window.grace_days
        mrr = 1.0
        for on in range(day, end):
            if on <= notice[one]:
                anniversary = on > terms.started[0] and (on - terms.started[0]) % 365 == 0
                mrr *= rise if anniversary else 1
            for when, factor in happened[one]:
                mrr *= factor if when == on else 1
        in_force = ended >= end or back < end
        grew += in_force and mrr >= 1 + window.min_growth
    return left / FUTURES, grew / FUTURES


def _terms(segment: int = 1, annual: bool = True, index: int = 0, age: int = 200) -> Terms:
    started = np.array([instant(END) // DAY - age])
    return Terms(np.array([segment], np.int8), np.array([annual]), np.array([index], np.int8), started)


@pytest.mark.parametrize(
    ("start", "terms", "locked", "window"),
    [
        pytest.param(GOOD, _terms(), 0, Window(0, 90, 0.1, 30), id="nothing the matter"),
        pytest.param(TIGHT_SEATS, _terms(segment=2), 0, Window(0, 90, 0.1, 30), id="seats tight"),
        pytest.param(DORMANT, _terms(segment=0, annual=False), 0, Window(0, 90, 0.1, 30), id="dormant, monthly"),
        pytest.param(ALL_BAD, _terms(segment=0), 0, Window(14, 104, 0.1, 0), id="all bad, a gap, no grace"),
        pytest.param(TIGHT_SEATS, _terms(index=3, age=340), 0, Window(0, 90, 0.1, 30), id="a price rise in the window"),
        pytest.param(
            TIGHT_SEATS, _terms(index=2, age=400), 0, Window(0, 45, 0.25, 30), id="more growth, half the time"
        ),
        pytest.param(ALL_BAD, _terms(), 9, Window(0, 120, 0.05, 60), id="locked for nine weeks, long grace"),
        pytest.param(DORMANT, _terms(annual=False), 0, Window(3, 182, 0.1, 30), id="the longest window"),
    ],
)
def test_probabilities_agree_with_simulated_futures(start: int, terms: Terms, locked: int, window: Window) -> None:
    day = instant(END) // DAY
    state = np.array([start], dtype=np.uint8)
    exact = probabilities(state, np.array([locked], np.int8), terms, day, window)
    simulated = _simulate(start, terms, locked, day, window, np.random.default_rng(11))
    for (p,), share in zip(exact, simulated, strict=True):
        # 3.5 standard errors of a share of 2,000.
        assert share == pytest.approx(p, abs=3.5 * np.sqrt(p * (1 - p) / FUTURES) + 1e-9)


def test_states_far_apart_have_probabilities_far_apart() -> None:
    day, window = instant(END) // DAY, Window(0, 90, 0.1, 30)
    states = np.array([GOOD, ALL_BAD, TIGHT_SEATS], np.uint8)
    one = _terms()
    three = Terms(*(np.repeat(part, 3) for part in (one.segment, one.annual, one.index, one.started)))
    churn, upsell = probabilities(states, np.zeros(3, np.int8), three, day, window)
    assert churn[1] > 5 * churn[0]
    assert upsell[2] > 5 * upsell[0] > 10 * upsell[1]


def test_a_locked_account_can_neither_leave_nor_grow() -> None:
    state = np.array([ALL_BAD], dtype=np.uint8)
    found = probabilities(state, np.array([13], np.int8), _terms(), instant(END) // DAY, Window(0, 90, 0.1, 30))
    assert [float(p[0]) for p in found] == [0.0, 0.0]


def test_probabilities_are_written_for_the_end_and_a_quarter_before(company: Path) -> None:
    written = pd.read_parquet(company / "truth" / "probabilities.parquet")
    assert sorted(set(written["as_of"])) == [date(2025, 10, 2), END]
    last = written[written["as_of"] == END].reset_index(drop=True)
    found = oracle(company, END)
    assert list(last["account_id"]) == list(found["account_id"])
    assert np.allclose(last[["p_churn", "p_upsell"]], found[["p_churn", "p_upsell"]], atol=1e-9)


@pytest.mark.parametrize("as_of", [date(2024, 12, 26), date(2025, 3, 20), date(2025, 6, 12), date(2025, 9, 4)])
def test_the_tables_bear_the_probabilities_out(company: Path, as_of: date) -> None:
    found = oracle(company, as_of).set_index("account_id")
    lines = pd.read_parquet(company / "subscriptions.parquet")
    links = pd.read_parquet(company / "account_links.parquet").set_index("old_id")["new_id"]
    lines["account_id"] = lines["account_id"].map(links).fillna(lines["account_id"])
    lines = lines[lines["account_id"].isin(found.index)].sort_values("started_at", kind="stable")
    start, end = pd.Timestamp(as_of, tz="UTC"), pd.Timestamp(as_of + timedelta(days=90), tz="UTC")

    def mrr_at(when: pd.Timestamp) -> pd.Series:
        newest = lines[lines["started_at"] < when].drop_duplicates("subscription_id", keep="last")
        in_force = newest[newest["ended_at"].isna() | (newest["ended_at"] >= when)]
        return in_force.groupby("account_id")["mrr"].sum().reindex(found.index, fill_value=0.0)

    first = lines.groupby("account_id")["started_at"].apply(list)
    noticed = lines[(lines["end_known_at"] >= start) & (lines["end_known_at"] < end)].drop_duplicates("account_id")
    stays = [
        any(pd.Timedelta(0) <= again - ended < pd.Timedelta(days=30) for again in first[account])
        for account, ended in zip(noticed["account_id"], noticed["ended_at"], strict=True)
    ]
    churned = found.index.isin(noticed["account_id"][~np.array(stays)])
    grew = (mrr_at(end) >= 1.1 * mrr_at(start)).to_numpy()
    assert (mrr_at(start) > 0).all()
    for label, p in ((churned, found["p_churn"]), (grew, found["p_upsell"])):
        assert label.sum() == pytest.approx(p.sum(), abs=3.5 * np.sqrt((p * (1 - p)).sum()))
        high = (p > p.median()).to_numpy()
        assert label[high].sum() > 1.5 * label[~high].sum()


def test_the_oracle_of_other_windows_moves_the_way_it_must(company: Path) -> None:
    usual = oracle(company, END)
    assert (oracle(company, END, horizon=120)["p_churn"] > usual["p_churn"]).mean() > 0.95
    assert (oracle(company, END, min_growth=0.3)["p_upsell"] <= usual["p_upsell"]).all()
    assert (oracle(company, END, grace_days=0)["p_churn"] >= usual["p_churn"]).all()
    assert (oracle(company, END, gap=30)["p_churn"] != usual["p_churn"]).mean() > 0.95


def test_latent_states_are_named_levels(company: Path) -> None:
    states = latent_states(company, END)
    assert list(states.columns) == ["account_id", *COMPONENTS, "locked"]
    for name, component in COMPONENTS.items():
        assert set(states[name]) == set(range(len(component.levels)))


def test_an_as_of_between_steps_is_refused_with_the_steps_there_are(company: Path) -> None:
    with pytest.raises(AsOfError, match=r"2025-12-30 is not a step .* every 7 days from 2024-01-11 to 2026-01-01"):
        oracle(company, date(2025, 12, 30))


@pytest.mark.parametrize(("horizon", "gap"), [(0, 0), (90, -1), (183, 0), (90, 93)])
def test_a_window_that_is_empty_or_too_long_is_refused(company: Path, horizon: int, gap: int) -> None:
    with pytest.raises(AsOfError, match=f"found gap {gap} and horizon {horizon}"):
        oracle(company, END, horizon=horizon, gap=gap)


def test_a_folder_without_truth_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="expected a folder written by make_company"):
        oracle(tmp_path, END)


def test_moves_are_probabilities_and_settled_shares_stay() -> None:
    assert MOVES.shape == (STATES, STATES)
    assert np.allclose(MOVES.sum(axis=1), 1)
    assert (MOVES >= 0).all()
    shares = settled()
    assert shares.sum() == pytest.approx(1)
    level = levels_of(np.arange(STATES, dtype=np.uint8))
    assert shares[level["contact"] == 0].sum() < 0.15
    assert shares[level["seats"] == 2].sum() > 0.05
