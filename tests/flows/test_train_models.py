"""What the step of training tells: its outcome, and every warning about the target."""

from __future__ import annotations

import pytest

from flows import train_models


class Nothing:
    """Material that is never looked into."""

    def target(self, name: str) -> str:
        return name


@pytest.mark.parametrize(
    ("outcome", "warnings", "told"),
    [
        ("promoted", ["hardly any signal.", "a coin's toss."],
         ["train    churn: promoted. It is the first.", "warning  hardly any signal.", "warning  a coin's toss."]),
        ("kept", [], ["train    churn: kept. It is the first."]),
        ("refused", [], ["train    churn: refused"]),
    ],
)  # fmt: skip
def test_the_step_tells_the_outcome_and_each_warning(monkeypatch, outcome, warnings, told):
    result = {"target": "churn", "outcome": outcome, "reason": "It is the first.", "folder": None}
    result |= {"warnings": warnings} if warnings else {}
    monkeypatch.setattr(train_models, "material_of", lambda config, snapshot: Nothing())
    monkeypatch.setattr(train_models, "train_target", lambda *given, **options: result)
    said = []
    monkeypatch.setattr(train_models, "step", said.append)
    assert train_models.train_one("x.toml", None, "snapshot", "churn", False, False) is result
    assert said == told
