"""When a book is small: by accounts that had the rarer outcome, not by rows, of which one account has many."""

from __future__ import annotations

from models.choosing.candidates import Size
from models.dataset import Dataset
from pipeline.settings import Settings


def size_of(data: Dataset, features: int = 0) -> Size:
    """Return how much there is to learn from, in rows, accounts, and accounts with a row of the rarer label."""
    return Size.of(data.rows["label"].to_numpy(), data.rows["account_id"].to_numpy(), features)


def is_small(data: Dataset, settings: Settings) -> bool:
    """Return whether fewer accounts have the rarer label than `[training] small_accounts` asks for.

    Rows that had to be sampled to fit are those of no small book.
    """
    return data.sampled is None and size_of(data).rarer < settings.training.small_accounts
