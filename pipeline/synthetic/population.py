"""The made-up accounts: who they are, how large, who works them, and on what terms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.synthetic.chain import INDEXATION, WEEK, Terms

SEGMENTS = ("small", "medium", "large")
COUNTRIES = ("DK", "SE", "NO", "DE", "NL", "GB")
INDUSTRIES = ("food", "retail", "logistics", "health", "construction", "finance", "education", "software")
TEAMS = ("North", "West", "South")
ACCOUNTS_PER_MANAGER = 150

_FIRST = (
    "Nord", "Vester", "Oster", "Lang", "Kirke", "Sol", "Birke", "Strand", "Havn", "Fjord", "Ege", "Lund", "Berg",
    "Sten", "Mark", "Mose", "Hede", "Klit", "Skov", "Elm", "Ash", "Brook", "Thorn", "Wood", "Hart", "Kings", "Linden",
    "Rosen", "Stein", "Winter", "Sommer", "Falk", "Adler", "Grun", "Holt", "Raven",
)  # fmt: skip
_SECOND = (
    "gaard", "by", "holm", "vik", "dal", "bro", "mark", "sund", "feld", "hof", "burg", "bach", "ford", "ton", "ley",
    "worth", "wick", "stad", "dorf", "rup", "toft", "haven",
)  # fmt: skip
_TRADES = {
    "food": ("Foods", "Bakery", "Dairy"),
    "retail": ("Stores", "& Sons", "Trading"),
    "logistics": ("Freight", "Shipping", "Logistics"),
    "health": ("Clinics", "Pharma", "Care"),
    "construction": ("Builders", "Timber", "Concrete"),
    "finance": ("Capital", "Insurance", "Advisers"),
    "education": ("College", "Press", "Academy"),
    "software": ("Systems", "Data", "Labs"),
}
_FORMS = {"DK": "A/S", "SE": "AB", "NO": "AS", "DE": "GmbH", "NL": "B.V.", "GB": "Ltd"}
_GIVEN = (
    "Anna", "Bo", "Clara", "David", "Emma", "Finn", "Greta", "Hans", "Ida", "Jonas", "Karen", "Lars", "Mia", "Niels",
    "Olga", "Peter", "Rosa", "Simon", "Tove", "Victor",
)  # fmt: skip
_FAMILY = (
    "Holm", "Berg", "Lund", "Krog", "Dahl", "Friis", "Juhl", "Meyer", "Koch", "Bakker", "Visser", "Clark", "O'Neill",
    "Hughes", "Nyman", "Ekberg", "Solheim",
)  # fmt: skip


NUMBERS_PER_BLOCK = 10**9
"""Numbers of interactions and invoices that are kept free for each block, so that none is given out twice."""


@dataclass(frozen=True)
class Population:
    """One value per account of a block. `opened` is a day since 1970-01-01; `manager` is -1 where nobody is assigned.

    `first` is the number of the block's first account, `block` the number of the block; both count from 0.
    """

    block: int
    first: int
    ids: NDArray[np.object_]
    names: NDArray[np.object_]
    country: NDArray[np.int64]
    industry: NDArray[np.int64]
    manager: NDArray[np.int64]
    managers: tuple[str, ...]
    terms: Terms
    opened: NDArray[np.int64]
    seats: NDArray[np.int64]
    mrr: NDArray[np.float64]
    quarterly: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def numbered(self) -> int:
        """What to add to the numbers of the block's rows."""
        return self.block * NUMBERS_PER_BLOCK


def draw_population(
    accounts: int, first_day: int, weeks: int, rng: np.random.Generator, block: int = 0, first: int = 0
) -> Population:
    """Return `accounts` accounts; the share there from the start keeps the number in force about level."""
    segment = rng.choice(3, accounts, p=[0.5, 0.35, 0.15]).astype(np.int8)
    annual = rng.random(accounts) < np.array([0.4, 0.65, 0.9])[segment]
    index = rng.choice(len(INDEXATION), accounts, p=[0.5, 0.2, 0.18, 0.12]).astype(np.int8)
    before = rng.random(accounts) < min(0.48, 1 / (1 + 0.3 * weeks / 52))
    earlier = first_day - WEEK - rng.exponential(700, accounts).astype(np.int64).clip(0, 3000)
    later = first_day + WEEK + rng.integers(0, (weeks - 1) * WEEK, accounts)
    opened = np.where(before, earlier, later)
    low, high = np.log([5, 25, 120]), np.log([25, 120, 600])
    seats = np.exp(rng.uniform(low[segment], high[segment])).astype(np.int64)
    price = np.array([24.0, 20.0, 16.0])[segment] * np.exp(rng.normal(0, 0.15, accounts))
    country = rng.choice(len(COUNTRIES), accounts, p=[0.3, 0.18, 0.12, 0.2, 0.1, 0.1])
    industry = rng.integers(0, len(INDUSTRIES), accounts)
    many = max(1, round(accounts / ACCOUNTS_PER_MANAGER))
    manager = np.where(rng.random(accounts) < 0.03, -1, rng.integers(0, many, accounts))
    return Population(
        block=block,
        first=first,
        ids=np.array([f"A{number:06d}" for number in range(first + 1, first + accounts + 1)], dtype=object),
        names=_names(country, industry, rng),
        country=country,
        industry=industry,
        manager=manager,
        managers=_managers(many, block, rng),
        terms=Terms(segment, annual, index, opened.copy()),
        opened=opened,
        seats=seats,
        mrr=np.asarray(np.round(seats * price, 2), dtype=np.float64),
        quarterly=rng.random(accounts) < 0.06,
    )


def _names(country: NDArray[np.int64], industry: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.object_]:
    first = rng.integers(0, len(_FIRST), len(country))
    second = rng.integers(0, len(_SECOND), len(country))
    trade = rng.integers(0, 3, len(country))
    return np.array(
        [
            f"{_FIRST[a]}{_SECOND[b]} {_TRADES[INDUSTRIES[i]][t]} {_FORMS[COUNTRIES[c]]}"
            for a, b, t, i, c in zip(first, second, trade, industry, country, strict=True)
        ],
        dtype=object,
    )


def _managers(many: int, block: int, rng: np.random.Generator) -> tuple[str, ...]:
    """Return names of account managers; from the second time that a name is given out, a number follows it."""
    every = [f"{given} {family}" for given in _GIVEN for family in _FAMILY]
    order = rng.permutation(len(every))
    rounds = [block + number // len(every) for number in range(many)]
    return tuple(
        every[order[number % len(every)]] + (f" {again + 1}" if again else "") for number, again in enumerate(rounds)
    )
