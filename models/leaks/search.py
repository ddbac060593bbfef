"""The search for columns that know what lay ahead of as_of: four signs, each with a size and a proof that it must have.

A leak is not a good predictor but one that is good in a way that nothing known at as_of can be. So each sign asks for a
size that honest columns do not come near (the constants below), and for an interval, corrected for the number of
columns looked at (Bonferroni: Holm's first step, and only columns beyond the size can be rejected at all), that rules
out an ordinary column. Columns are told by their own values only; no model is fitted but to say what the others reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.spec import ALL, Feature
from models.dataset import Dataset
from models.leaks.fates import Fates, fates
from models.leaks.forms import Form, Level, forms, oddities
from models.leaks.others import reached_by_others
from models.leaks.strength import Strength, promising, strength
from models.leaks.suspect import Sign, Suspect
from models.leaks.totals import follows

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

TOO_GOOD = 0.97
"""AUC against the label from which a column alone is too good, if all others together stay BEYOND_OTHERS below."""

BEYOND_OTHERS = 0.05

FORESEEN = 0.90
"""AUC for an event that lies after the label's window, against none at all, which nothing known at as_of reaches."""

ORDINARY = 0.65
"""What the lower end of an AUC's interval must exceed: honest columns reach it."""

TIMES = 6.0
"""How many times as frequent a value must be among accounts that met the event as among those that did not, from which
it stands for the event itself. It is a ratio because many of the accounts that met it may have another value."""

SURELY = 3.0
"""What the lower end of that ratio's interval must exceed."""

MOSTLY_MET = 0.7
"""Share of the accounts with the value that met the event; some of the others met it after all that is looked at."""

FEWEST = 10
"""Accounts of either group without which nothing is concluded."""

ALPHA = 0.01
"""Chance, over all columns together, that an ordinary column's interval lies beyond ORDINARY."""


def find_leaks(data: Dataset, features: Sequence[Feature]) -> list[Suspect]:
    """Return the columns of `data` that show a sign of knowing what lay ahead, in the order of `features`.

    `data` has a column per feature. The signs: too good alone, better with the future than without (for a column: it
    tells events beyond the window; for a fixed attribute: it follows a total that was yet to come), changed or filled
    after the fact, constant until the event. Cost: a sort per column of at most MOST_ROWS rows.
    """
    return _Search(data, features).suspects()


class _Search:
    def __init__(self, data: Dataset, features: Sequence[Feature]) -> None:
        self.data, self.features = data, list(features)
        self.fates: Fates = fates(data)
        self.z = z_for(len(self.features))

    def suspects(self) -> list[Suspect]:
        rare = min(len(np.unique(self.fates.account[flags])) for flags in (self.fates.now, ~self.fates.now))
        if rare < FEWEST:
            return []
        found = [self._suspect(feature) for feature in self.features]
        return [suspect for suspect in found if suspect is not None]

    def _suspect(self, feature: Feature) -> Suspect | None:
        column = self.data.features[feature.name]
        made = forms(column, self.fates)
        known = [form for form in made if form.kind == "value"]
        at = self.fates
        for form in made:
            foreseen, good = promising(form.values, [(at.later, at.never), (at.now, ~at.now)], FORESEEN)
            if foreseen and (found := self._foreseen(feature, form)) is not None:
                return found
            if good and (found := self._too_good(feature, form)) is not None:
                return found
        for level in oddities(column, self.fates):
            if (found := self._pure(feature, level)) is not None:
                return found
        return self._follows(feature, known[0].values) if known and _attribute(feature) else None

    def _strength(self, form: Form, positive: Flags, negative: Flags) -> Strength:
        at = self.fates
        return strength(form.values, positive, negative, at.as_of, at.account, directed=form.directed)

    def _foreseen(self, feature: Feature, form: Form) -> Suspect | None:
        """Better with the future than without: it tells events that lie beyond the window as well as those in it."""
        later = self._strength(form, self.fates.later, self.fates.never)
        if later.auc < FORESEEN or later.accounts < FEWEST or later.low(self.z) <= ORDINARY:
            return None
        now = self._strength(form, self.fates.now, self.fates.never)
        if now.auc < FORESEEN:
            return None
        blank = np.isnan(form.values).mean()
        said = (
            f"it tells events that came after the label's window from none at all with an AUC of {_said(later, self.z)}"
            f", as well as those in the window ({now.auc:.3f}): its values were written with hindsight"
        )
        sign: Sign = "changed after the fact" if _attribute(feature) else "better with the future"
        return self._named(feature, sign, said, {"auc_later": later.auc, "auc": now.auc, "blank": float(blank)})

    def _too_good(self, feature: Feature, form: Form) -> Suspect | None:
        alone = self._strength(form, self.fates.now, ~self.fates.now)
        if alone.auc < TOO_GOOD or alone.accounts < FEWEST or alone.low(self.z) <= ORDINARY:
            return None
        others = reached_by_others(feature.name, form.values, self._columns(), self.fates)
        if alone.auc - others.auc < BEYOND_OTHERS:
            return None
        said = (
            f"alone it tells the label with an AUC of {_said(alone, self.z)}, where all other columns together reach "
            f"{others.auc:.3f}"
        )
        return self._named(feature, "too good alone", said, {"auc": alone.auc, "auc_others": others.auc})

    def _pure(self, feature: Feature, level: Level) -> Suspect | None:
        """A value that stands for the event: nearly everybody who has it met the event, and not so everybody else."""
        # An account counts once: from the first row that has the value on, since an event before it explains itself.
        has, met = self._accounts(level.where)
        with_it, without = int(has.sum()), int((~has).sum())
        if with_it < FEWEST or without < FEWEST:
            return None
        share, base = float(met[has].mean()), float(met[~has].mean())
        if share < MOSTLY_MET:
            return None
        # The log of a ratio of two shares is about normal (Katz et al. 1978); halves keep empty cells finite.
        cells = [(float((has & side).sum()) + 0.5, float(side.sum()) + 1.0) for side in (met, ~met)]
        (among_met, all_met), (among_others, all_others) = cells
        times = among_met / all_met * all_others / among_others
        error = np.sqrt(1 / among_met - 1 / all_met + 1 / among_others - 1 / all_others)
        if times < TIMES or np.log(times) - self.z * error < np.log(SURELY):
            return None
        said = (
            f"of the {with_it:,} accounts for which it is {level.shown} the event came to {share:.0%}, of the "
            f"{without:,} others to {base:.0%}"
        )
        sign: Sign = level.kind  # type: ignore[assignment]
        return self._named(feature, sign, said, {"accounts": float(with_it), "share": share, "others": base})

    def _accounts(self, where: Flags) -> tuple[Flags, Flags]:
        """Return per account whether it ever has the value, and whether the event came at or after that row."""
        order = np.lexsort((np.arange(len(where)), ~where, self.fates.account))
        one = order[np.flatnonzero(np.diff(self.fates.account[order], prepend=-1))]
        return where[one], self.fates.ever[one]

    def _follows(self, feature: Feature, values: Floats) -> Suspect | None:
        totals = {
            each.name: self._column(each)
            for each in self.features
            if each.window is ALL and each.unit in ("count", "money", "number") and each.family in ("volume", "value")
        }
        found = follows(values, totals, self._columns(), self.fates, self.z)
        if found is None:
            return None
        said = (
            f"it follows {found.total} as it came to be, rank correlation {found.last:.2f} at each account's last "
            f"as_of against {found.first:.2f} at its first, and {found.partial:.2f} beyond all that was known at first"
        )
        figures = {"last": found.last, "first": found.first, "partial": found.partial}
        return self._named(feature, "better with the future", said, figures)

    def _columns(self) -> dict[str, Floats]:
        return {each.name: self._column(each) for each in self.features if not _attribute(each)}

    def _column(self, feature: Feature) -> Floats:
        return self.data.features[feature.name].to_numpy()[self.fates.rows].astype(float)

    def _named(self, feature: Feature, sign: Sign, said: str, figures: dict[str, Any]) -> Suspect:
        source = tuple(dict.fromkeys(f"{table}.{column}" for table, column in feature.reads))
        return Suspect(feature.name, source, sign, said, figures, _attribute(feature))


def z_for(columns: int) -> float:
    """Return how many standard errors an interval must be wide for ALPHA to hold over so many columns together."""
    return -NormalDist().inv_cdf(ALPHA / max(1, columns))


def _attribute(feature: Feature) -> bool:
    return feature.unit == "category"


def _said(found: Strength, z: float) -> str:
    return f"{found.auc:.3f} ({max(0.0, found.low(z)):.3f} to {found.high(z):.3f}, {found.accounts:,} accounts)"
