"""Why an account is on a list: the model's contributions by topic, told with the account's own figures.

A contribution says what moved the score, not what moves the account: texts state facts and never a cause.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.phrases import Shown, Told, figure, known_value, tell
from features.spec import Feature
from features.topics import good_news
from features.words import Words
from models.manifest import FittedModel, check_features

MOST = 3
"""Topics told that raise the probability; at most one that eases it is told beside them."""

FLOOR = 0.2
"""Log-odds by which at least one topic must raise the probability (the odds by a fifth) to be called a reason."""

TOLD = 0.1
"""Log-odds (a tenth of the odds) below which a further topic is left out."""

SLIGHT = 0.15
"""Two figures that differ by a smaller share of the larger one make no story."""

NO_STRONG_REASON = Words("no single strong reason", "ingen enkelt stærk grund")
TYPICAL = Words(" (typical account: {typical})", " (typisk kunde: {typical})")
BUT = Words("but {text}", "men {text}")
KNOWN_END = Words("the contract is known to end", "aftalens ophør er kendt")
KNOWN_END_ON = Words("the contract is known to end on {day}", "aftalen ophører den {day}")
TOO_NEW = Words("too little history to score", "for lidt historik til en score")

Role = Literal["raises", "eases", "none", "apart"]


@dataclass(frozen=True)
class Reason:
    """A topic that raises or eases the probability, told by one of its features.

    `contribution` is the topic's sum on the scale of the calibrated log-odds. `figures` are the account's figures in
    `text`, each equal to the features' or facts' value at the as_of; `typical` is what `text` names for comparison,
    the median of the rows the model learnt from.
    """

    role: Role
    topic: str
    text: str
    contribution: float = 0.0
    figures: tuple[Shown, ...] = ()
    typical: Shown | None = None

    def plain(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return asdict(self) | {"figures": [asdict(shown) for shown in self.figures]}


def reasons(
    model: FittedModel, features: Sequence[Feature], frame: pd.DataFrame, currency: str, language: str = "en"
) -> list[list[Reason]]:
    """Return, per row, up to three topics that raise the probability, the weightiest first, then one that eases it.

    A topic whose figures could only be told against the grain (a risk raised by good news, an opportunity by bad) gives
    way to the next; where there is no other, it is told as it is.

    `frame` holds the features' columns and those of `features.catalogue.facts_for`, one row per account. Where no topic
    raises it by `FLOOR`, the text is that there is no single strong reason. The same for a risk as for an opportunity.
    TreeSHAP is slow, so pass only rows that reach a list. Raises ModelError when the features do not fit the model.
    """
    check_features(model.manifest, features)
    shares = model.scorer.contributions(model.encode(frame[[feature.name for feature in features]]))
    typical = [described["typical"] for described in model.manifest["features"]]
    topics: dict[str, list[int]] = {}
    for position, feature in enumerate(features):
        topics.setdefault(feature.topic, []).append(position)
    told = []
    for share, values in zip(shares, frame.to_dict("records"), strict=True):
        row = _Row(share, values, features, typical, currency, language, model.risk)
        weight = {topic: float(share[members].sum()) for topic, members in topics.items()}
        heaviest = sorted(weight, key=lambda topic: (-abs(weight[topic]), topic))
        raising = [row.reason(topic, topics[topic], weight[topic]) for topic in heaviest if weight[topic] >= TOLD]
        easing = [row.reason(topic, topics[topic], weight[topic]) for topic in heaviest if weight[topic] <= -TOLD]
        strong = bool(raising) and raising[0][1].contribution >= FLOOR
        weighty = _with_the_grain(raising)[:MOST] if strong else [Reason("none", "", NO_STRONG_REASON.told(language))]
        told.append([*weighty, *_with_the_grain(easing)[:1]])
    return told


def _with_the_grain(told: Sequence[tuple[bool, Reason]]) -> list[Reason]:
    """Return the reasons that read as such; where none does, the weightiest."""
    return [reason for sound, reason in told if sound] or [reason for _, reason in told[:1]]


def reasons_for(
    model: FittedModel, features: Sequence[Feature], frame: pd.DataFrame, currency: str, language: str = "en"
) -> list[list[dict[str, Any]]]:
    """Return `reasons` as plain data, for the rows of a list."""
    return [[reason.plain() for reason in row] for row in reasons(model, features, frame, currency, language)]


def apart(section: str, ends: Any, language: str = "en") -> list[dict[str, Any]]:
    """Return why an account stands apart from the list, in the shape of its reasons; `ends` is a day or NaT."""
    if section != "leaving":
        return [Reason("apart", "tenure", TOO_NEW.told(language)).plain()]
    if pd.isna(ends):
        return [Reason("apart", "contract", KNOWN_END.told(language)).plain()]
    day = f"{ends:%Y-%m-%d}"
    text = KNOWN_END_ON.put(day=day).told(language)
    return [Reason("apart", "contract", text, figures=(Shown("ends_on", day, day),)).plain()]


@dataclass(frozen=True)
class _Row:
    """One account's contributions and figures."""

    shares: NDArray[np.float64]
    values: Mapping[Any, Any]
    features: Sequence[Feature]
    typical: Sequence[Any]
    currency: str
    language: str
    risk: bool

    def reason(self, topic: str, members: Sequence[int], weight: float) -> tuple[bool, Reason]:
        """Return the topic in the words of its best teller, and whether it reads as a reason.

        That is one of the members that weigh at least half the heaviest; where none of them says anything, a quarter.
        """
        sign = 1.0 if weight > 0 else -1.0
        heaviest = max(sign * self.shares[member] for member in members)
        # The first of equals is the heaviest, then the first in the catalogue.
        heavy = sorted(
            (m for m in members if sign * self.shares[m] >= heaviest / 4), key=lambda m: -sign * self.shares[m]
        )
        tellings = [(m, tell(self.features[m], self.values, self.currency, self.language)) for m in heavy]
        worth = [self._worth(m, told, sign) for m, told in tellings]
        near = sum(sign * self.shares[m] >= heaviest / 2 for m in heavy)
        best = worth.index(max(worth[:near]))
        if not all(worth[best][:3]):
            best = worth.index(max(worth))
        member, told = tellings[best]
        usual = self._typical(member, told)
        text = told.text + (TYPICAL.told(self.language).format(typical=usual.shown) if usual else "")
        sound = worth[best][1]
        if weight > 0:
            return sound, Reason("raises", topic, text, weight, told.figures, usual)
        # The text says itself that it speaks against: many read it without its role.
        return sound, Reason("eases", topic, BUT.told(self.language).format(text=text), weight, told.figures, usual)

    def _worth(self, member: int, told: Told, sign: float) -> tuple[bool, bool, bool, int]:
        """Return how well a feature tells its topic: known, with the grain, unlike the usual, a story."""
        feature = self.features[member]
        if not told.known:
            return (False, True, False, 0)
        compared = told.against is not None
        excess = self._excess(member) if told.against is None else told.against
        towards = sign if self.risk else -sign
        odd = towards * good_news(feature.topic, feature.family) * excess > 0
        unlike = self._unlike(member, told)
        if compared or feature.facts or feature.family == "recency":
            story = 2
        else:
            story = 1 if feature.window is not None and feature.family != "mix" else 0
        return (True, not odd, unlike, story)

    def _unlike(self, member: int, told: Told) -> bool:
        """Whether the text compares figures that differ enough to be worth a word."""
        feature = self.features[member]
        if feature.unit == "category" or (told.against is None and feature.facts):
            return True
        if told.against is not None:
            return abs(told.against) > SLIGHT * max(abs(float(shown.value or 0)) for shown in told.figures)
        return self._typical(member, told) is not None

    def _excess(self, member: int) -> float:
        value, typical = known_value(self.values[self.features[member].name]), self.typical[member]
        return value - typical if isinstance(value, float) and isinstance(typical, float) else 0.0

    def _typical(self, member: int, told: Told) -> Shown | None:
        """Return the typical figure to name beside the account's: where both are known and read differently."""
        feature, typical = self.features[member], self.typical[member]
        if not told.known or feature.facts or feature.unit == "category" or typical is None:
            return None
        shown = figure(feature, typical, self.currency, self.language)
        return None if shown == told.figures[0].shown else Shown(feature.name, typical, shown)
