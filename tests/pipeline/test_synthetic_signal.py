"""What 20,000 made-up accounts show of what is behind them: enough in all, and nowhere enough in one place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from pipeline.synthetic import latent_states, make_company
from pipeline.synthetic.wording import DANISH, ENGLISH, SUBJECTS

AS_OF = date(2025, 10, 2)
"""A quarter before the end, so that labels are in the tables."""


@dataclass(frozen=True)
class Large:
    folder: Path
    truth: pd.DataFrame
    """p_churn, p_upsell and the latent levels at AS_OF, by account_id."""

    def query(self, sql: str) -> pd.DataFrame:
        with duckdb.connect() as connection:
            for table in ("interactions", "invoices", "subscriptions", "accounts"):
                money = ""
                if table == "subscriptions":
                    money = " SELECT * REPLACE (CASE currency WHEN 'DKK' THEN mrr / 7.46 ELSE mrr END AS mrr)"
                linked = (
                    "SELECT t.* REPLACE (coalesce(new_id, t.account_id) AS account_id) "
                    f"FROM '{self.folder}/{table}.parquet' t "
                    f"LEFT JOIN '{self.folder}/account_links.parquet' ON t.account_id = old_id"
                )
                connection.execute(f"CREATE VIEW {table} AS FROM ({linked}){money}")
            connection.execute("SET TimeZone = 'UTC'")
            return connection.execute(sql).df()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Large:
    folder = tmp_path_factory.mktemp("large")
    make_company(folder, accounts=20_000, years=2)
    written = pd.read_parquet(folder / "truth" / "probabilities.parquet")
    truth = written[written["as_of"] == AS_OF].drop(columns="as_of").merge(latent_states(folder, AS_OF))
    return Large(folder, truth.set_index("account_id"))


def _expected_auc(score: pd.Series, p: pd.Series) -> float:
    """Return the AUC that `score` has on average over labels drawn with probabilities `p`; ties count half."""
    sums = pd.DataFrame({"score": score, "p": p, "not": 1 - p}).groupby("score")[["p", "not"]].sum()
    below = sums["not"].cumsum() - sums["not"] / 2
    return float((sums["p"] * below).sum() / (sums["p"].sum() * sums["not"].sum()))


def test_expected_auc_of_scores_that_are_obvious() -> None:
    p = pd.Series([0.0, 0.0, 1.0, 1.0])
    assert _expected_auc(pd.Series([1, 2, 3, 4]), p) == 1.0
    assert _expected_auc(pd.Series([4, 3, 2, 1]), p) == 0.0
    assert _expected_auc(pd.Series([1, 1, 1, 1]), p) == 0.5


def test_rates_are_those_of_a_firm_one_would_meet(large: Large) -> None:
    assert 0.06 < large.truth["p_churn"].mean() < 0.10
    assert 0.07 < large.truth["p_upsell"].mean() < 0.12


@pytest.mark.parametrize("target", ["p_churn", "p_upsell"])
def test_the_oracle_can_tell_accounts_apart_but_not_all(large: Large, target: str) -> None:
    p = large.truth[target]
    assert 0.75 < _expected_auc(p, p) < 0.88


def _pattern(subject: str) -> str:
    """Return what matches any note on a subject: a reader who misses nothing."""
    sentences = [*ENGLISH[subject], *DANISH[subject]]
    return "|".join(
        re.sub(r"\\{[^}]*\\}", ".*", re.escape(text.lower().rstrip(".").replace("'", "."))) for text in sentences
    )


SAID = ", ".join(
    f"count(*) FILTER (kind = 'note' AND ago <= 180 AND regexp_matches(lower(text), '{_pattern(subject)}')) "
    f"AS said_{subject}"
    for subject in SUBJECTS
)

FEATURES = f"""
SELECT account_id, usage_30, usage_90, usage_90 / nullif(usage_180 - usage_90, 0) AS usage_trend, logins_30, logins_90,
    days_since_login, tickets_30, tickets_90, tickets_365, tickets_open, csat, nps, talks_90, contacts_90, meetings_180,
    late_share, days_late, overdue, mrr, seats, products, days_to_renewal, term_age, tenure, mrr_change, events_90,
    notes_180, {", ".join(f"said_{subject}" for subject in SUBJECTS)}
FROM (
    SELECT account_id,
        sum(quantity) FILTER (kind = 'usage' AND ago <= 30) AS usage_30,
        sum(quantity) FILTER (kind = 'usage' AND ago <= 90) AS usage_90,
        sum(quantity) FILTER (kind = 'usage' AND ago <= 180) AS usage_180,
        count(*) FILTER (kind = 'login' AND ago <= 30) AS logins_30,
        count(*) FILTER (kind = 'login' AND ago <= 90) AS logins_90,
        min(ago) FILTER (kind = 'login') AS days_since_login,
        count(*) FILTER (kind = 'ticket' AND ago <= 30) AS tickets_30,
        count(*) FILTER (kind = 'ticket' AND ago <= 90) AS tickets_90,
        count(*) FILTER (kind = 'ticket' AND ago <= 365) AS tickets_365,
        count(*) FILTER (kind = 'ticket' AND (closed_at IS NULL OR closed_at >= '{AS_OF}')) AS tickets_open,
        arg_min(score, ago) FILTER (kind = 'csat') AS csat,
        arg_min(score, ago) FILTER (kind = 'nps') AS nps,
        count(*) FILTER (kind IN ('call', 'email', 'meeting') AND ago <= 90) AS talks_90,
        count(DISTINCT contact_id) FILTER (ago <= 90) AS contacts_90,
        count(*) FILTER (kind = 'meeting' AND ago <= 180) AS meetings_180,
        count(*) FILTER (ago <= 90) AS events_90,
        count(*) FILTER (kind = 'note' AND ago <= 180) AS notes_180, {SAID}
    FROM (SELECT *, epoch(TIMESTAMPTZ '{AS_OF} 00:00+00' - occurred_at) / 86400 AS ago FROM interactions)
    WHERE known_at < '{AS_OF}' AND ago > 0 GROUP BY account_id
)
LEFT JOIN (
    SELECT account_id, avg((paid_at > due_at)::INT) AS late_share, avg(date_diff('day', due_at, paid_at)) AS days_late,
        sum((due_at < '{AS_OF}' AND (paid_at IS NULL OR paid_at >= '{AS_OF}'))::INT) AS overdue
    FROM invoices WHERE known_at < '{AS_OF}' AND issued_at > DATE '{AS_OF}' - 180 GROUP BY account_id
) USING (account_id)
LEFT JOIN (
    SELECT account_id, sum(mrr) AS mrr, sum(seats) AS seats, count(*) AS products,
        min(date_diff('day', DATE '{AS_OF}', renews_at)) AS days_to_renewal,
        min(date_diff('day', started_at, DATE '{AS_OF}')) AS term_age, sum(mrr) / sum(mrr_before) AS mrr_change
    FROM (
        SELECT *, coalesce(lag(mrr) OVER line, mrr) AS mrr_before,
            row_number() OVER (PARTITION BY subscription_id ORDER BY started_at DESC) AS newest
        FROM subscriptions WHERE known_at < '{AS_OF}' WINDOW line AS (PARTITION BY subscription_id ORDER BY started_at)
    ) WHERE newest = 1 AND (ended_at IS NULL OR ended_at > '{AS_OF}') GROUP BY account_id
) USING (account_id)
LEFT JOIN (
    SELECT account_id, max(date_diff('day', opened_at, DATE '{AS_OF}')) AS tenure FROM accounts GROUP BY account_id
) USING (account_id)
"""


@pytest.fixture(scope="module")
def features(large: Large) -> pd.DataFrame:
    return large.query(FEATURES).set_index("account_id").reindex(large.truth.index)


def test_no_single_feature_has_60_percent_of_the_oracles_gini(large: Large, features: pd.DataFrame) -> None:
    assert len(features.columns) == 35
    for target in ("p_churn", "p_upsell"):
        p = large.truth[target]
        whole = 2 * _expected_auc(p, p) - 1
        shares = {
            name: abs(2 * _expected_auc(values.fillna(-1).astype(float), p) - 1) / whole
            for name, values in features.items()
        }
        assert max(shares.values()) < 0.6, shares
        assert sum(share > 0.15 for share in shares.values()) >= 4, shares
        assert shares["days_to_renewal"] < 0.3


def test_a_fifth_of_leavers_give_no_sign(large: Large) -> None:
    notices = pd.read_parquet(large.folder / "truth" / "notices.parquet")
    seen = notices[pd.to_datetime(notices["noticed_on"]) > "2024-07-01"]
    assert 0.20 < seen["calm"].mean() < 0.40


def test_usage_falls_weeks_before_notice(large: Large) -> None:
    usage = large.query(
        f"""
        SELECT weeks, avg(quantity) AS minutes, count(*) AS reports FROM (
            SELECT i.quantity, date_diff('day', i.occurred_at, n.noticed_on::TIMESTAMPTZ) // 7 AS weeks
            FROM interactions i JOIN '{large.folder}/truth/notices.parquet' n USING (account_id)
            WHERE n.cause = 'engagement' AND i.kind = 'usage' AND year(i.occurred_at) > 1900
        ) WHERE weeks BETWEEN 0 AND 60 GROUP BY weeks ORDER BY weeks
        """
    ).set_index("weeks")["minutes"]
    last, month_before, year_before = usage[0:4].mean(), usage[8:12].mean(), usage[48:60].mean()
    assert last < 0.8 * month_before < 0.8 * 0.9 * year_before


@pytest.mark.parametrize(
    ("component", "bad", "feature", "higher"),
    [
        ("engagement", 0, "usage_30", False),
        ("health", 2, "tickets_90", True),
        ("health", 2, "tickets_open", True),
        ("health", 2, "nps", False),
        ("health", 2, "csat", False),
        ("budget", 0, "late_share", True),
        ("budget", 0, "overdue", True),
        ("contact", 0, "contacts_90", True),
        ("contact", 0, "meetings_180", False),
        ("seats", 2, "logins_90", True),
        ("contact", 0, "said_left", True),
        ("health", 2, "said_trouble", True),
        ("health", 2, "said_praise", False),
        ("engagement", 0, "said_idle", True),
        ("engagement", 0, "said_keen", False),
        ("seats", 2, "said_seats", True),
        ("budget", 0, "said_savings", True),
    ],
)
def test_each_component_leaves_its_marks(
    large: Large, features: pd.DataFrame, component: str, bad: int, feature: str, higher: bool
) -> None:
    levels = large.truth[component]
    others = levels == {"engagement": 2, "health": 0, "budget": 1, "contact": 1, "seats": 0}[component]
    there, elsewhere = features.loc[levels == bad, feature].mean(), features.loc[others, feature].mean()
    ratio = there / elsewhere
    assert ratio > 1.5 if higher else ratio < 0.75


def test_notes_tell_something_little_and_at_times_what_is_not_so(large: Large, features: pd.DataFrame) -> None:
    p = large.truth["p_churn"]
    told = (features[["said_left", "said_trouble", "said_idle", "said_savings"]] > 0).any(axis=1)
    assert 1.3 < p[told].mean() / p[~told].mean() < 3
    silent = features["said_nothing"] / features["notes_180"]
    assert 0.3 < silent.mean() < 0.7
    left = features["said_left"] > 0
    still_there = (large.truth["contact"] == 1)[left].mean()
    assert 0.15 < still_there < 0.85


def test_prices_rise_on_anniversaries_and_more_leave_afterwards(large: Large) -> None:
    lines = large.query(
        """
        SELECT account_id, started_at, mrr / lag(mrr) OVER line - 1 AS rise, hour(started_at) AS hour
        FROM subscriptions WHERE product = 'platform' WINDOW line AS (PARTITION BY subscription_id ORDER BY started_at)
        """
    )
    rises = lines[(lines["hour"] == 6) & (lines["rise"] > 0)]
    assert set(rises["rise"].round(3)) == {0.028, 0.047, 0.076}
    recent = rises[
        (rises["started_at"] >= pd.Timestamp(AS_OF - timedelta(days=42), tz="UTC"))
        & (rises["started_at"] < pd.Timestamp(AS_OF, tz="UTC"))
        & (rises["rise"] > 0.07)
    ]
    risen = large.truth.index.isin(recent["account_id"])
    p = large.truth["p_churn"]
    assert risen.sum() > 50
    assert p[risen].mean() > 1.2 * p[~risen].mean()


def test_labels_in_the_tables_have_the_rates_of_the_oracle_by_band(large: Large) -> None:
    notices = pd.read_parquet(large.folder / "truth" / "notices.parquet")
    days = (pd.to_datetime(notices["noticed_on"]) - pd.Timestamp(AS_OF)).dt.days
    back = (pd.to_datetime(notices["returned_on"]) - pd.to_datetime(notices["ended_on"])).dt.days
    left = notices[(days >= 0) & (days < 90) & ~(back < 30)]
    label = large.truth.index.isin(left["account_id"])
    p = large.truth["p_churn"]
    for band in np.array_split(np.argsort(p.to_numpy(), kind="stable"), 5):
        spread = np.sqrt((p.iloc[band] * (1 - p.iloc[band])).sum())
        assert label[band].sum() == pytest.approx(p.iloc[band].sum(), abs=3.5 * spread)
