"""The feature catalogue as one file, so that a diff shows any change.

After a change that is meant: python -m features.catalogue > tests/golden/catalogue.csv
"""

from __future__ import annotations

import difflib
import io
from pathlib import Path

import pytest

from features.catalogue import FEATURES, write_catalogue

GOLDEN = Path(__file__).with_name("catalogue.csv")


def difference(features: tuple) -> str:
    written = io.StringIO()
    write_catalogue(written, features)
    old, new = GOLDEN.read_text(encoding="utf-8"), written.getvalue()
    return "\n".join(difflib.unified_diff(old.splitlines(), new.splitlines(), "catalogue.csv", "now", lineterm="", n=0))


def test_the_catalogue_is_the_one_on_file() -> None:
    if changed := difference(FEATURES):
        pytest.fail(f"{changed}\n\nIf this is meant: python -m features.catalogue > tests/golden/catalogue.csv")


def test_a_feature_that_is_gone_shows() -> None:
    assert f"-{FEATURES[0].name}," in difference(FEATURES[1:])
