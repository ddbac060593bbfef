"""A model folder scores alone, exactly, and only if every byte is what the manifest says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from models import scorer as scorer_file
from models.dataset import Dataset
from models.manifest import FittedModel
from models.scorer import Additive, DamagedModel, Scorer, WrongFrame

COLUMNS = ["calls_30d", "calls_90d", "spend_90d", "days_since_purchase", "segment"]


@pytest.fixture
def rows(data_of: Callable[..., Dataset]) -> pd.DataFrame:
    return data_of(accounts=60, dates=1, seed=9).features


def test_terms_give_their_levels() -> None:
    model = Additive(
        {
            "intercept": 1.0,
            "terms": [
                {
                    "feature": "a",
                    "knots": [0.0, 10.0, 20.0],
                    "levels": [0.0, 1.0, 3.0],
                    "missing": -0.5,
                    "at_mean": 0.0,
                },
                {"feature": "b", "codes": [0.25, 0.5, 4.0], "missing": 0.0, "at_mean": 0.0},
                {
                    "feature": "c",
                    "scale": "log1p",
                    "knots": [0.0, float(np.log(100))],
                    "levels": [0.0, 2.0],
                    "missing": 0.0,
                    "at_mean": 0.0,
                },
            ],
        },
        ["a", "b", "c"],
    )
    #                    between  beyond  below  missing
    matrix = np.array([[15.0, 2, 9], [99.0, 1, 99], [-5.0, 0, -3], [np.nan, 2, 0]])
    np.testing.assert_allclose(
        model.margin(matrix), [1 + 2 + 4 + 1, 1 + 3 + 0.5 + 2, 1 + 0 + 0.25 + 0, 1 - 0.5 + 4 + 0]
    )


def test_additive_contributions_are_measured_from_the_mean() -> None:
    term = {"feature": "a", "knots": [0.0, 1.0], "levels": [0.0, 2.0], "missing": 0.0, "at_mean": 0.5}
    model = Additive({"intercept": 1.0, "terms": [term]}, ["b", "a"])
    np.testing.assert_allclose(model.contributions(np.array([[7.0, 1.0]])), [[0.0, 1.5, 1.5]])


def test_contributions_sum_to_the_calibrated_log_odds(churn_model: FittedModel, rows: pd.DataFrame) -> None:
    matrix = churn_model.encode(rows)
    shares = churn_model.scorer.contributions(matrix)
    assert shares.shape == (60, 6)
    log_odds = churn_model.scorer.log_odds(matrix)
    assert np.abs(shares.sum(axis=1) - log_odds).max() < 1e-9
    probability = churn_model.scorer.probability(matrix)
    np.testing.assert_allclose(np.log(probability / (1 - probability)), log_odds, atol=1e-9)


def test_no_rows_give_no_scores(churn_model: FittedModel, rows: pd.DataFrame) -> None:
    matrix = churn_model.encode(rows.head(0))
    assert churn_model.scorer.probability(matrix).shape == (0,)
    assert churn_model.scorer.contributions(matrix).shape == (0, 6)


def test_a_row_scores_the_same_bits_alone_in_a_batch_and_in_any_memory_layout(
    upsell_model: FittedModel, data_of: Callable[..., Dataset]
) -> None:
    data = data_of(accounts=333, dates=1, seed=5)
    scorer, matrix = upsell_model.scorer, upsell_model.encode(data.features)
    base = data.rows["base"].to_numpy()
    batch, increment = scorer.probability(matrix), scorer.increment(matrix, base)
    for row in range(0, 333, 7):
        alone = slice(row, row + 1)
        assert scorer.probability(matrix[alone])[0] == batch[row]
        assert scorer.increment(matrix[alone], base[alone])[0] == increment[row]
    np.testing.assert_array_equal(scorer.probability(np.asfortranarray(matrix)), batch)
    np.testing.assert_array_equal(scorer.probability(matrix[::-1])[::-1], batch)
    np.testing.assert_array_equal(scorer.probability(np.tile(matrix, (40, 1)))[:333], batch)


def test_the_file_alone_scores_the_same_bits_in_a_fresh_process(
    upsell_model: FittedModel, rows: pd.DataFrame, tmp_path: Path
) -> None:
    digest = upsell_model.save(tmp_path / "model")
    (tmp_path / "scorer.py").write_bytes(Path(scorer_file.__file__).read_bytes())
    matrix = upsell_model.encode(rows)
    np.save(tmp_path / "matrix.npy", matrix)
    program = """
import sys
import numpy as np
from scorer import Scorer
scorer = Scorer.load("model", sys.argv[1])
print(json.dumps([value.hex() for value in scorer.probability(np.load("matrix.npy")).tolist()]))
ours = [name for name in sys.modules if name.split(".")[0] in ("models", "features", "pipeline", "flows", "pydantic")]
assert not ours, ours
"""
    said = subprocess.run(
        [sys.executable, "-c", "import json, sys; sys.path[0] = '.'" + program, digest],
        cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120,
    ).stdout  # fmt: skip
    expected = [value.hex() for value in upsell_model.scorer.probability(matrix).tolist()]
    assert json.loads(said) == expected


@pytest.mark.parametrize("name", ["manifest.json", "trees.txt", "curves.json", "increment.json"])
def test_one_changed_byte_is_refused_before_anything_is_read(
    name: str, upsell_model: FittedModel, tmp_path: Path
) -> None:
    upsell_model.save(tmp_path / "model")
    file = tmp_path / "model" / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(DamagedModel, match=f"{name} was changed"):
        Scorer.load(tmp_path / "model")


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sha256", "trees.txt"])
def test_a_missing_file_is_named(name: str, upsell_model: FittedModel, tmp_path: Path) -> None:
    upsell_model.save(tmp_path / "model")
    (tmp_path / "model" / name).unlink()
    with pytest.raises(DamagedModel, match=f"{name} cannot be read"):
        Scorer.load(tmp_path / "model")


def test_another_models_digest_is_refused(upsell_model: FittedModel, tmp_path: Path) -> None:
    digest = upsell_model.save(tmp_path / "model")
    assert Scorer.load(tmp_path / "model", digest).digest == digest
    with pytest.raises(DamagedModel, match="expected 00000000"):
        Scorer.load(tmp_path / "model", "0" * 64)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"{}", "not a model manifest"), (b"[1]", "not a model manifest"), (b'{"format": 99, "files": {}}', "format 99")],
)
def test_a_manifest_of_another_kind_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    (tmp_path / "manifest.sha256").write_text(scorer_file.hashlib.sha256(content).hexdigest())
    with pytest.raises(DamagedModel, match=said):
        Scorer.load(tmp_path)


def test_a_file_outside_the_folder_is_refused(tmp_path: Path) -> None:
    content = json.dumps({"format": 1, "files": {"../secret": "0"}}).encode()
    (tmp_path / "manifest.json").write_bytes(content)
    (tmp_path / "manifest.sha256").write_text(scorer_file.hashlib.sha256(content).hexdigest())
    with pytest.raises(DamagedModel, match="outside the folder"):
        Scorer.load(tmp_path)


def test_columns_must_be_the_models_in_its_order(churn_model: FittedModel, rows: pd.DataFrame) -> None:
    scorer = churn_model.scorer
    with pytest.raises(WrongFrame, match="in another order"):
        scorer.encode(rows[COLUMNS[::-1]])
    with pytest.raises(WrongFrame, match="missing 'spend_90d'; not known to the model 'spend'"):
        scorer.encode(rows.rename(columns={"spend_90d": "spend"}))
    with pytest.raises(WrongFrame, match="not known to the model 'extra'"):
        scorer.encode(rows.assign(extra=1.0))


def test_infinities_and_texts_are_refused(churn_model: FittedModel, rows: pd.DataFrame) -> None:
    with pytest.raises(WrongFrame, match="infinite values in 'spend_90d'"):
        churn_model.scorer.encode(rows.assign(spend_90d=[np.inf, *[1.0] * 59]))
    with pytest.raises(WrongFrame, match="'spend_90d' must hold numbers; found \\['many'\\]"):
        churn_model.scorer.encode(rows.assign(spend_90d="many"))


def test_categories_have_codes_for_missing_and_for_unseen(churn_model: FittedModel, rows: pd.DataFrame) -> None:
    segments = ["public", "retail", "trade", "tiny", "never seen", None, np.nan]
    encoded = churn_model.encode(rows.head(7).assign(segment=np.array(segments, dtype=object)))
    # "tiny" has three rows in training: too rare for a code of its own.
    assert encoded[:, 4].tolist() == [2, 3, 4, 1, 1, 0, 0]


def test_rows_with_nothing_known_are_scored(churn_model: FittedModel, rows: pd.DataFrame) -> None:
    blank = pd.DataFrame({name: [np.nan] for name in COLUMNS[:4]}).assign(segment=None)
    probability = churn_model.probability(blank)
    assert 0 < probability[0] < 1


def test_a_risk_has_no_increment(churn_model: FittedModel, rows: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="no increment"):
        churn_model.scorer.increment(churn_model.encode(rows), np.ones(60))


def test_an_arrow_table_is_encoded_to_the_same_matrix(churn_model: FittedModel, rows: pd.DataFrame) -> None:
    scorer = churn_model.scorer
    frame = rows.assign(segment=["trade", "never seen", None, *rows["segment"][3:]])
    table = pa.Table.from_pandas(frame, preserve_index=False)
    expected = scorer.encode(frame)
    np.testing.assert_array_equal(scorer.encode_arrow(table), expected)
    coded = table.set_column(4, "segment", table.column("segment").dictionary_encode())
    np.testing.assert_array_equal(scorer.encode_arrow(coded), expected)
    in_parts = pa.concat_tables([coded.slice(0, 7), table.slice(7).cast(coded.schema)])
    np.testing.assert_array_equal(scorer.encode_arrow(in_parts), expected)
    assert scorer.encode_arrow(table).flags.f_contiguous
    assert scorer.encode_arrow(table.slice(0, 0)).shape == (0, 5)


def test_neither_the_rows_worked_on_at_once_nor_the_matrixs_layout_change_a_number(
    churn_model: FittedModel, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = churn_model.probability(rows)
    monkeypatch.setattr(scorer_file, "BLOCK", 7)
    matrix = churn_model.scorer.encode_arrow(pa.Table.from_pandas(rows, preserve_index=False))
    for laid_out in (matrix, np.ascontiguousarray(matrix)):
        assert churn_model.scorer.probability(laid_out).tobytes() == whole.tobytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"calls_30d": pa.array(["many"] * 60)}, "column 'calls_30d' must hold numbers; found .'many'."),
        ({"spend_90d": pa.array([np.inf] * 60)}, "infinite values in 'spend_90d'"),
    ],
)
def test_an_arrow_table_with_wrong_values_is_refused(
    churn_model: FittedModel, rows: pd.DataFrame, change: dict[str, pa.Array], message: str
) -> None:
    table = pa.Table.from_pandas(rows, preserve_index=False)
    for name, values in change.items():
        table = table.set_column(COLUMNS.index(name), name, values)
    with pytest.raises(WrongFrame, match=message):
        churn_model.scorer.encode_arrow(table)


def test_arrow_columns_in_another_order_are_refused(churn_model: FittedModel, rows: pd.DataFrame) -> None:
    table = pa.Table.from_pandas(rows, preserve_index=False)
    with pytest.raises(WrongFrame, match="in another order"):
        churn_model.scorer.encode_arrow(table.select([*COLUMNS[::-1]]))
    with pytest.raises(WrongFrame, match="missing 'segment'"):
        churn_model.scorer.encode_arrow(table.drop_columns("segment"))


def test_a_value_between_many_knots_lies_where_a_search_finds_it() -> None:
    rng = np.random.default_rng(3)
    for count in (2, 3, 33, 300):
        knots, levels = np.sort(rng.normal(size=count)), rng.normal(size=count)
        term = {"feature": "a", "knots": knots.tolist(), "levels": levels.tolist(), "missing": 9.0, "at_mean": 0.0}
        values = np.concatenate([rng.normal(size=50), knots, np.nextafter(knots, -9), [np.nan, -99, 99]])
        found = Additive({"intercept": 0.0, "terms": [term]}, ["a"]).margin(values[:, None])
        clipped = np.clip(values, knots[0], knots[-1])
        left = np.clip(np.searchsorted(knots, clipped, side="right") - 1, 0, count - 2)
        slopes = np.diff(levels) / np.diff(knots)
        expected = np.where(np.isnan(values), 9.0, levels[left] + slopes[left] * (clipped - knots[left]))
        assert found.tobytes() == expected.tobytes()


def test_an_increment_does_not_depend_on_the_matrixs_layout(upsell_model: FittedModel, rows: pd.DataFrame) -> None:
    matrix = upsell_model.scorer.encode_arrow(pa.Table.from_pandas(rows, preserve_index=False))
    base = np.linspace(10.0, 900.0, len(rows))
    from_columns = upsell_model.scorer.increment(matrix, base)
    assert from_columns.tobytes() == upsell_model.scorer.increment(np.ascontiguousarray(matrix), base).tobytes()
