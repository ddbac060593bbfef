"""A registered model as the rest of keepgrow knows it: a target, a number, a digest and its training's run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Alias = Literal["champion", "challenger"]


def model_name(target: str) -> str:
    """Return the name of the target's experiment and registered model."""
    return f"keepgrow-{target}"


@dataclass(frozen=True)
class Version:
    """A registered model: its name and number at the registry, the SHA-256 of its manifest, and its training's run."""

    target: str
    number: int
    digest: str
    run_id: str

    @property
    def name(self) -> str:
        return model_name(self.target)


@dataclass(frozen=True)
class Champion(Version):
    """A registered model with its files at hand, checked: `folder` holds the manifest and what it lists."""

    folder: Path
    manifest: Mapping[str, Any]
