"""What a backtest's rows show besides metrics: numbers and money by test date, groups of accounts, amounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from models.amounts import amounts
from models.bootstrap import replicates_for
from models.breakdown import by_date, by_group
from models.targets import Target
from pipeline.settings import Settings


def findings(
    rows: pd.DataFrame,
    contenders: Sequence[str],
    learnt: Mapping[str, float],
    settings: Settings,
    target: Target,
    attributes: str,
) -> dict[str, Any]:
    """Return `expected`, `breakdown` and `value` of the first contender's predictions (see `models.breakdown`).

    `learnt` is the base rate that each test date's models learnt from, `attributes` which day segments are of.
    """
    replicates, seed, first = replicates_for(settings.evaluate.bootstrap, len(rows)), settings.run.seed, contenders[0]
    return {
        "expected": by_date(rows, first, learnt, replicates, seed),
        "breakdown": by_group(rows, first, replicates, seed, attributes),
        "value": amounts(rows, first, target.grows, replicates, seed),
    }
