"""Expected maximum profit of calling by a contender's ranking, from the library empulse; per account, in currency.

EMPC: Verbraken, Verbeke and Baesens (2013), "A novel profit maximizing metric for measuring classification performance
of customer churn prediction models", with one value for all accounts. EMPB: Janssens, Bogaert, Bague and Van den Poel
(2022), "B2Boost: instance-dependent profit-driven modelling of B2B churn", with each account's own. Opportunities are
measured by the library's acquisition form, EMPA: direct sale, contribution gamma distributed.

The share of those called who are kept has a Beta distribution whose two parameters add up to 20, as in Verbraken, and
whose mean is the play's effect; there is no incentive, and a call costs what the play costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from models.bootstrap import Resamples, interval
from models.evaluate import EXPECTED_VALUE, PROBABILITY
from pipeline.settings import Play

CERTAINTY = 20.0
"""Sum of the Beta's parameters: 6 + 14 in Verbraken et al."""

ROWS = 5_000_000
"""Rows x replicates at most; with fewer than FEWEST replicates no interval is given."""
FEWEST, MOST = 50, 200

NO_COST = "While a call costs nothing, calling everybody earns the most, whatever the ranking"


def expected_profit(
    predictions: pd.DataFrame, contenders: Sequence[str], play: Play | None, risk: bool, seed: int
) -> dict[str, Any]:
    """Return `measures`: measure -> contender -> value, low and high, in currency per account; and `parameters`.

    For a risk `empc` and `empb` rank by probability, as their authors do, and `empb_by_value` ranks by expected value
    like the lists; `parameters` also holds the share of accounts to call at the most profit, as the first contender
    ranks. For an opportunity there is `empa`, by probability. Without outcomes of both kinds there are no measures, and
    without a cost of calling neither: calling everybody is best then, and all rankings earn the same. `note` says so.
    """
    label = predictions["label"].to_numpy()
    effect, cost = (1.0, 0.0) if play is None else (play.effect, play.cost)
    if not cost > 0:
        return {"note": NO_COST}
    stake = predictions["value_at_stake" if risk else "realised"].to_numpy(float)
    if len(np.unique(label)) < 2 or (not risk and not stake[label == 1].std() > 0):
        return {}
    measures = _of_risk(label, stake, effect, cost) if risk else _of_opportunity(label, stake, effect, cost)
    parameters = measures.pop("parameters")
    replicates = min(MOST, ROWS // len(label))
    accounts = predictions["account_id"].to_numpy()
    blocks = Resamples(accounts, replicates, seed).blocks() if replicates >= FEWEST else ()
    picks = [np.repeat(np.arange(len(label)), counts.astype(int)) for block in blocks for counts in block]
    told: dict[str, dict[str, Any]] = {}
    for name, (column, measure) in measures.items():
        told[name] = {}
        for contender in contenders:
            score = _ranked(predictions[column.format(contender)].to_numpy(float))
            drawn = np.array([measure(rows, score[rows]) for rows in picks])
            told[name][contender] = interval(float(measure(np.arange(len(label)), score)), drawn).plain()
    if risk:
        from empulse.metrics import empb_score  # noqa: PLC0415 - importing it takes two seconds

        first = _ranked(predictions[EXPECTED_VALUE.format(contenders[0])].to_numpy(float))
        asked = {name: parameters[name] for name in ("alpha", "beta", "incentive_fraction", "contact_cost")}
        parameters["call_share"] = float(empb_score.optimal_rate(label, first, clv=stake, **asked))
    return {"measures": told, "parameters": parameters}


def _of_risk(label: Any, stake: Any, effect: float, cost: float) -> dict[str, Any]:
    from empulse.metrics import empb_score, empc_score  # noqa: PLC0415 - importing it takes two seconds

    alpha, beta = _beta(effect)
    mean = float(stake.mean())

    def alike(rows: Any, score: Any) -> float:
        return float(
            empc_score(label[rows], score, clv=mean, incentive_cost=0.0, contact_cost=cost, alpha=alpha, beta=beta)
        )

    def own(rows: Any, score: Any) -> float:
        return float(
            empb_score(
                label[rows], score, clv=stake[rows], incentive_fraction=0.0, contact_cost=cost, alpha=alpha, beta=beta
            )
        )

    parameters = {"alpha": alpha, "beta": beta, "mean_value": mean, "incentive_fraction": 0.0, "contact_cost": cost}
    return {
        "empc": (PROBABILITY, alike),
        "empb": (PROBABILITY, own),
        "empb_by_value": (EXPECTED_VALUE, own),
        "parameters": parameters,
    }


def _of_opportunity(label: Any, realised: Any, effect: float, cost: float) -> dict[str, Any]:
    from empulse.metrics import empa_score  # noqa: PLC0415 - importing it takes two seconds

    won = effect * realised[label == 1]
    scale = float(won.var() / won.mean())
    asked = {"alpha": float(won.mean()) / scale, "beta": scale, "contact_cost": cost, "sales_cost": 0.0}

    def acquired(rows: Any, score: Any) -> float:
        return float(empa_score(label[rows], score, direct_selling=1, commission=0.0, **asked))

    return {"empa": (PROBABILITY, acquired), "parameters": asked | {"mean_value": float(won.mean())}}


def _beta(effect: float) -> tuple[float, float]:
    """Return alpha and beta of the share kept; an effect of 1 is taken as .95, since a Beta has no point at 1."""
    mean = min(effect, 0.95)
    return CERTAINTY * mean, CERTAINTY * (1 - mean)


def _ranked(score: Any) -> Any:
    """Return scores in (0, 1) in the same order, ties staying ties: the measures look at the order alone."""
    _, place = np.unique(score, return_inverse=True)
    return (place + 0.5) / (place.max() + 1)
