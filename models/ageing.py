"""Model ageing: the same model scored one to twelve months later, beside a model fitted anew for the same day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from models.evaluate import EXPECTED_VALUE, PROBABILITY, evaluate
from models.manifest import FittedModel

MONTH = 365.25 / 12
MONTHS = 12
AGED = "aged_{}"
FRESH, OLD = "fresh", "aged"
METRICS = ("auc", "ece", "brier")


@dataclass
class Ageing:
    """Keeps a backtest's models and what each says of later test dates.

    A model's age is counted from its own fold's test date, on which it is 0 months old and knows all it can.
    """

    fitted: dict[date, FittedModel] = field(default_factory=dict)
    parts: list[pd.DataFrame] = field(default_factory=list)

    def older(self, test: date) -> dict[str, FittedModel]:
        """Return, under their column names, the models that are 1 to 12 months old at `test`: of each age the nearest.

        A model stands for the age in whole months that it is nearest to.
        """
        ages = {day: (test - day).days / MONTH for day in self.fitted}
        found: dict[int, date] = {}
        for day in sorted(ages, key=lambda each: abs(ages[each] - round(ages[each]))):
            month = round(ages[day])
            if 1 <= month <= MONTHS:
                found.setdefault(month, day)
        return {AGED.format(month): self.fitted[day] for month, day in sorted(found.items())}

    def take(self, test: date, model: FittedModel, judged: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
        """Keep the fold's model and what older ones say of its rows; return the rows without the latter."""
        self.fitted[test] = model
        columns = [form.format(name) for name in names for form in (PROBABILITY, EXPECTED_VALUE)]
        for name in names:
            own = {
                "account_id": judged["account_id"], "as_of": judged["as_of"], "label": judged["label"],
                "realised": judged["realised"], "months": int(name.removeprefix(AGED.format(""))),
            }  # fmt: skip
            for contender, origin in ((OLD, name), (FRESH, "model")):
                for form in (PROBABILITY, EXPECTED_VALUE):
                    own[form.format(contender)] = judged[form.format(origin)]
            self.parts.append(pd.DataFrame(own))
        return judged.drop(columns=columns)

    def plain(self, capacity: int, replicates: int, seed: int) -> list[dict[str, Any]]:
        """Return per age in months: n, dates (test dates pooled), the aged model's metrics and aged minus fresh.

        Metrics are auc, ece and brier, and `total`, expected over real outcomes; all with 95 % account-bootstrap
        intervals but the totals.
        """
        if not self.parts:
            return []
        rows = pd.concat(self.parts, ignore_index=True)
        return [
            {"months": int(str(months)), **_at_age(part, capacity, replicates, seed)}
            for months, part in rows.groupby("months")
        ]


def _at_age(rows: pd.DataFrame, capacity: int, replicates: int, seed: int) -> dict[str, Any]:
    measured = evaluate(rows, (OLD, FRESH), capacity=capacity, replicates=replicates, seed=seed, metrics=METRICS)
    told: Mapping[str, Any] = measured.plain()
    real = float(rows["label"].sum())
    totals = {
        name: float(np.sum(rows[PROBABILITY.format(name)])) / real if real else None for name in (OLD, FRESH)
    }  # fmt: skip
    return {
        "n": len(rows),
        "dates": int(rows["as_of"].nunique()),
        OLD: told[OLD] | {"total": totals[OLD]},
        FRESH: told[FRESH] | {"total": totals[FRESH]},
        f"{OLD} - {FRESH}": {metric: measured.difference(OLD, FRESH, metric).plain() for metric in METRICS},
    }
