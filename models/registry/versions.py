"""A registered model as the rest of keepgrow knows it: a target, a number, a digest and its training's run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Alias = Literal["champion", "challenger"]


PREFIX = "keepgrow"


def model_name(target: str, prefix: str = PREFIX) -> str:
    """Return the name of the target's experiment and registered model."""
    return f"{prefix}-{target}"


@dataclass(frozen=True)
class Version:
    """A registered model: its name and number at the registry, the SHA-256 of its manifest, and its training's run."""

    target: str
    number: int
    digest: str
    run_id: str
    prefix: str = field(default=PREFIX, kw_only=True)

    @property
    def name(self) -> str:
        return model_name(self.target, self.prefix)


@dataclass(frozen=True)
class Champion(Version):
    """A registered model with its files at hand, checked: `folder` holds the manifest and what it lists."""

    folder: Path
    manifest: Mapping[str, Any]
