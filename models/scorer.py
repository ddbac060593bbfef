"""Scores with a model folder: a JSON manifest and the files it lists, each checked before it is read.

This file stands alone (json, hashlib, numpy and lightgbm), so that a process without keepgrow can score with it.
A margin is a sum over members, each an additive model or boosted trees; the calibrated log-odds are
`intercept + slope x margin`. Nothing here depends on how many rows are scored at once: the same row gives the same bits
alone, in a batch, and in another process.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

FORMAT = 1
MANIFEST = "manifest.json"
DIGEST = "manifest.sha256"
"""Holds the SHA-256 of the manifest, which is the digest of the whole model."""

MISSING_CODE = 0
UNSEEN_CODE = 1
FIRST_CODE = 2
"""Codes of a category: 0 is missing, 1 is rare or never seen in training, the manifest's list counts from 2."""

BLOCK = 16_384
"""Rows of which curves are worked on at once; results do not depend on it."""

Floats = NDArray[np.float64]


class DamagedModel(ValueError):
    """A model file is missing, or is not the one the manifest describes."""


class WrongFrame(ValueError):
    """The rows do not carry exactly the columns, in the order and of the types, that the model was trained on."""


class Additive:
    """A sum of one curve per feature, read from JSON.

    Each term holds `feature` and either `knots` and `levels` (piecewise linear in x, or in log(1 + x) where `scale` is
    "log1p"; flat beyond the outer knots) or `codes` (one level per category code), and `missing`, the level of NaN.
    `at_mean` is the term's mean over the training rows: contributions are measured from it.
    """

    def __init__(self, data: Mapping[str, Any], features: list[str]) -> None:
        self.intercept = float(data["intercept"])
        self._terms = [(features.index(term["feature"]), _Term(term)) for term in data["terms"]]

    def terms(self, matrix: Floats) -> list[tuple[int, Floats, float]]:
        """Return (column, level per row, mean level in training) of each term."""
        return [
            (column, term.levels(np.ascontiguousarray(matrix[:, column])), term.at_mean) for column, term in self._terms
        ]

    def margin(self, matrix: Floats, *beside: Floats) -> Floats:
        """Return the sum of all terms, one number per row; `beside` are the columns after those of the matrix."""
        total = np.full(len(matrix), self.intercept)
        for first in range(0, len(matrix), BLOCK):
            part = slice(first, first + BLOCK)
            block = matrix[part].T
            # Where columns are not contiguous already, a block is turned once.
            columns = [*(block if matrix.flags.f_contiguous else np.ascontiguousarray(block))]
            columns += [column[part] for column in beside]
            for column, term in self._terms:
                total[part] += term.levels(columns[column])
        return total

    def contributions(self, matrix: Floats) -> Floats:
        """Return (rows, features + 1): each feature's share, and in the last column the mean margin."""
        shares = np.zeros((len(matrix), matrix.shape[1] + 1))
        shares[:, -1] = self.intercept
        for column, levels, at_mean in self.terms(matrix):
            shares[:, column] += levels - at_mean
            shares[:, -1] += at_mean
        return shares


class _Term:
    def __init__(self, data: Mapping[str, Any]) -> None:
        self._missing = float(data["missing"])
        self.at_mean = float(data["at_mean"])
        self._log = data.get("scale") == "log1p"
        self._codes = np.asarray(data["codes"], float) if "codes" in data else None
        if self._codes is None:
            self._knots = np.asarray(data["knots"], float)
            self._levels = np.asarray(data["levels"], float)
            self._slopes = np.diff(self._levels) / np.diff(self._knots)

    def levels(self, values: Floats) -> Floats:
        """Return the level of each value; `values` are contiguous, or the same number could give other bits."""
        if self._codes is not None:
            return self._codes[np.where(np.isnan(values), 0.0, values).astype(np.int64)]
        if self._log:
            values = np.log1p(np.maximum(values, 0.0))
        left = self._segments(values)
        found = np.clip(values, self._knots[0], self._knots[-1])
        found -= self._knots[left]
        found *= self._slopes[left]
        found += self._levels[left]
        missing = np.isnan(found)
        if missing.any():
            found[missing] = self._missing
        return found

    def _segments(self, values: Floats) -> NDArray[np.intp]:
        """Return the position of the segment that each value lies on, 0 for NaN."""
        inner = self._knots[1:-1]
        if len(inner) > 255:
            return np.minimum(np.searchsorted(inner, values, side="right"), len(inner))
        # Comparing with every knot is twice as fast as searching, which the processor cannot foresee.
        passed = np.zeros(len(values), np.uint8)
        beyond = np.empty(len(values), bool)
        for knot in inner:
            np.greater_equal(values, knot, out=beyond)
            passed += beyond.view(np.uint8)
        return passed.astype(np.intp)


class Trees:
    """Boosted trees in LightGBM's text format."""

    def __init__(self, text: str, threads: int) -> None:
        self._booster = lgb.Booster(model_str=text)
        self._threads = threads

    def margin(self, matrix: Floats) -> Floats:
        """Return the sum of the leaves a row falls into, one number per row."""
        if len(matrix) == 0:
            return np.zeros(0)
        return np.asarray(self._booster.predict(matrix, raw_score=True, num_threads=self._threads))

    def contributions(self, matrix: Floats) -> Floats:
        """Return (rows, features + 1): exact TreeSHAP, and in the last column the mean margin."""
        shares = self._booster.predict(matrix, pred_contrib=True, num_threads=self._threads)
        return np.asarray(shares)


class Scorer:
    """A loaded model. Build it with `Scorer.load(folder)`, or from a manifest and its files in memory."""

    def __init__(self, manifest: Mapping[str, Any], files: Mapping[str, bytes], threads: int = 2) -> None:
        self.manifest = manifest
        self.digest = hashlib.sha256(manifest_bytes(manifest)).hexdigest()
        self.features: list[str] = [feature["name"] for feature in manifest["features"]]
        self._codes = {
            feature["name"]: {text: FIRST_CODE + code for code, text in enumerate(feature["categories"])}
            for feature in manifest["features"]
            if feature["type"] == "category"
        }
        self._members: list[tuple[float, Additive | Trees]] = []
        for member in manifest["members"]:
            content = files[member["file"]].decode()
            if member["kind"] == "trees":
                self._members.append((float(member["weight"]), Trees(content, threads)))
            else:
                self._members.append((float(member["weight"]), Additive(json.loads(content), self.features)))
        self._slope = float(manifest["calibration"]["slope"])
        self._intercept = float(manifest["calibration"]["intercept"])
        self._increment: dict[str, Any] | None = None
        if manifest["increment"] is not None:
            self._increment = json.loads(files[manifest["increment"]["file"]])
            self._increment_model = Additive(self._increment, [*self.features, "base"])

    @classmethod
    def load(cls, folder: Path | str, digest: str | None = None, threads: int = 2) -> Scorer:
        """Return the model in `folder`, after checking each file's SHA-256 (and the whole model's, where given).

        Raises DamagedModel naming the file that is missing or was changed.
        """
        manifest, files = read_model(Path(folder), digest)
        return cls(manifest, files, threads)

    def encode(self, frame: Any) -> Floats:
        """Return a pandas frame of exactly the model's columns as a (rows, features) matrix.

        NaN stays NaN; a category becomes its code. Raises WrongFrame for missing, extra or reordered columns, text
        where a number is expected, and infinities.
        """
        self._check_columns([str(column) for column in frame.columns])
        matrix = np.empty((len(frame), len(self.features)))
        for position, name in enumerate(self.features):
            values = frame[name].to_numpy()
            if name in self._codes:
                matrix[:, position] = category_codes(values, self._codes[name])
            else:
                matrix[:, position] = _numbers(name, values)
        self._refuse_infinite(np.any(np.isinf(matrix), axis=0))
        return matrix

    def encode_arrow(self, table: Any, rows: NDArray[np.intp] | None = None) -> Floats:
        """Return a pyarrow table of exactly the model's columns as `encode` does, with no frame in between.

        `rows` are the positions of the rows wanted; without it, all.

        Numbers are numeric columns with null or NaN for unknown, categories strings or dictionaries of strings. The
        columns of the matrix are contiguous, as they are in the table: LightGBM reads it as fast, curves faster.
        """
        self._check_columns(list(table.column_names))
        columns = np.empty((len(self.features), table.num_rows if rows is None else len(rows)))
        infinite = np.zeros(len(self.features), bool)
        for position, name in enumerate(self.features):
            column = table.column(position)
            codes = self._codes.get(name)
            values = _numbers(name, column.to_numpy()) if codes is None else _arrow_codes(column, codes)
            if rows is None:
                columns[position] = values
            else:
                np.take(values, rows, out=columns[position])
            infinite[position] = np.isinf(columns[position]).any()
        self._refuse_infinite(infinite)
        return columns.T

    def _refuse_infinite(self, columns: NDArray[np.bool_]) -> None:
        names = [self.features[position] for position in np.flatnonzero(columns)]
        if names:
            raise WrongFrame(f"infinite values in {_listed(names)}; expected finite numbers or NaN")

    def _check_columns(self, found: list[str]) -> None:
        if found == self.features:
            return
        missing = [name for name in self.features if name not in set(found)]
        extra = [name for name in found if name not in set(self.features)]
        if not missing and not extra:
            raise WrongFrame("the columns are the model's but in another order, or repeated")
        parts = [f"missing {_listed(missing)}"] if missing else []
        parts += [f"not known to the model {_listed(extra)}"] if extra else []
        raise WrongFrame("the columns are not those the model was trained on: " + "; ".join(parts))

    def margin(self, matrix: Floats) -> Floats:
        """Return the members' weighted sum before calibration, one number per row."""
        total = np.zeros(len(matrix))
        for weight, member in self._members:
            total += weight * member.margin(matrix)
        return total

    def log_odds(self, matrix: Floats) -> Floats:
        """Return the calibrated log-odds, one number per row."""
        return self._intercept + self._slope * self.margin(matrix)

    def probability(self, matrix: Floats) -> Floats:
        """Return the calibrated probability of label 1, one number in (0, 1) per row."""
        return 1.0 / (1.0 + np.exp(-self.log_odds(matrix)))

    def contributions(self, matrix: Floats) -> Floats:
        """Return (rows, features + 1) shares of the calibrated log-odds; the last column is the mean row's log-odds.

        A row sums to `log_odds`. Trees use exact TreeSHAP (Lundberg et al. 2020), which is slow: pass few rows.
        """
        total = np.zeros((len(matrix), matrix.shape[1] + 1))
        if len(matrix) == 0:
            return total
        for weight, member in self._members:
            total += weight * member.contributions(matrix)
        total *= self._slope
        total[:, -1] += self._intercept
        return total

    def increment(self, matrix: Floats, base: Floats) -> Floats:
        """Return the expected increment given growth, in the reporting currency, one number per row.

        `base` is the amount that growth is measured from. Raises ValueError for a model without an increment.
        """
        if self._increment is None:
            raise ValueError("this model has no increment: its target is a risk, whose value at stake is known")
        margin = self._increment_model.margin(matrix, np.asarray(base, float))
        expected = np.exp(margin) * float(self._increment["smearing"])
        return np.clip(expected, float(self._increment["lowest"]), float(self._increment["highest"]))


def read_model(folder: Path, digest: str | None = None) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the manifest and the content of its files, each checked against its SHA-256.

    `digest` is the whole model's as known elsewhere; without it, the one beside the manifest is compared.
    Raises DamagedModel naming the file.
    """
    content = _read(folder / MANIFEST)
    expected = digest or _read(folder / DIGEST).decode(errors="replace").strip()
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise DamagedModel(f"{folder / MANIFEST} was changed: SHA-256 {found[:16]}..., expected {expected[:16]}...")
    try:
        manifest: dict[str, Any] = json.loads(content)
        version, listed = manifest["format"], dict(manifest["files"])
    except (ValueError, KeyError, TypeError):
        raise DamagedModel(f"{folder / MANIFEST} is not a model manifest") from None
    if version != FORMAT:
        raise DamagedModel(f"{folder / MANIFEST} has format {version}; this version reads format {FORMAT}")
    files = {}
    for name, expected in listed.items():
        if Path(name).name != name:
            raise DamagedModel(f"{folder / MANIFEST} lists {name!r}, which lies outside the folder")
        files[name] = _read(folder / name)
        if hashlib.sha256(files[name]).hexdigest() != expected:
            raise DamagedModel(f"{folder / name} was changed: its SHA-256 is not the one in {MANIFEST}")
    return manifest, files


def manifest_bytes(manifest: Mapping[str, Any]) -> bytes:
    """Return the one way a manifest is written, so that equal models have equal digests."""
    return (json.dumps(manifest, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def category_codes(values: NDArray[Any], codes: Mapping[str, int]) -> Floats:
    """Return the code of each text: MISSING_CODE where there is none, UNSEEN_CODE for one not in `codes`."""
    found = [codes.get(value, UNSEEN_CODE) if isinstance(value, str) else MISSING_CODE for value in values]
    return np.asarray(found, dtype=float)


def _arrow_codes(column: Any, codes: Mapping[str, int]) -> Floats:
    """Return `category_codes` of a pyarrow column, looked up once per text."""
    if not hasattr(column.type, "index_type"):
        column = column.dictionary_encode()
    if column.num_chunks == 0:
        return np.empty(0)
    encoded = column.combine_chunks()
    texts = np.array(encoded.dictionary.to_pylist(), dtype=object)
    lookup = np.append(category_codes(texts, codes), MISSING_CODE)
    return lookup[encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)]


def _numbers(name: str, values: NDArray[Any]) -> Floats:
    try:
        return values.astype(float, copy=False)
    except (TypeError, ValueError):
        raise WrongFrame(f"column '{name}' must hold numbers; found {values[:1].tolist()}") from None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise DamagedModel(f"{file} cannot be read: {error.strerror}") from None


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"
