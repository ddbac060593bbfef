"""The reasons of ten accounts in each language as a file, so that a diff shows any change of wording.

After a change that is meant: python tests/golden/ten_accounts.py
"""

from __future__ import annotations

import difflib

import pytest
from ten_accounts import PEOPLE, file, told, written

from features.words import LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reasons_of_ten_accounts_are_those_on_file(language: str) -> None:
    old, new = file(language).read_text(encoding="utf-8"), written(language)
    changed = "\n".join(difflib.unified_diff(old.splitlines(), new.splitlines(), "on file", "now", lineterm="", n=0))
    if changed:
        pytest.fail(f"{changed}\n\nIf this is meant: python tests/golden/ten_accounts.py")


def test_the_ten_accounts_differ() -> None:
    texts = {account: [reason.text for reason in row] for account, row in told("en").items()}
    assert list(texts) == list(PEOPLE)
    assert len({tuple(row) for row in texts.values()}) == 10
