"""Rates that the estimate of larger clusters needs: a row's bytes on the wire, what reading and learning take."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from engine.child import Stopwatch, run

STAGED = """
SELECT account_id, occurred_at, kind, interaction_id::VARCHAR AS interaction_id, (quantity * 10000)::BIGINT AS quantity,
    (score * 10000)::BIGINT AS score, contact_id, closed_at, known_at,
    (md5_number_lower(account_id) % 64)::INTEGER AS bucket
FROM read_parquet('{file}') LIMIT {rows}
"""
"""What a Spark task of the first stage does with a row: read, cast, and name its bucket."""

ROWS = 2_000_000
MATRIX = (100_000, 80)
TREES, LEAVES = 200, 63


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Return bytes and processor seconds per row of staging, and per value of learning and predicting."""
    con = duckdb.connect(config={"threads": 1})
    watch = Stopwatch()
    with watch.part("read"):
        staged = con.sql(STAGED.format(file=job["file"], rows=ROWS)).to_arrow_table()
    with watch.part("encode"):
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, staged.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
            writer.write_table(staged)
        wire = sink.getvalue().size
    rows = len(staged)
    found = {
        "rows": rows,
        "wire_bytes_per_row": wire / rows,
        "memory_bytes_per_row": staged.nbytes / rows,
        "read_seconds_per_row": watch.parts["read"]["processor"] / rows,
        "encode_seconds_per_row": watch.parts["encode"]["processor"] / rows,
    }
    del staged, sink
    return found | learning()


def learning() -> dict[str, float]:
    """Return processor seconds of LightGBM per row and tree of learning, and per row of predicting, by one thread."""
    import lightgbm

    rng = np.random.default_rng(0)
    rows, columns = MATRIX
    matrix = rng.normal(size=(rows, columns))
    label = (rng.random(rows) < 1 / (1 + np.exp(-matrix[:, :5].sum(axis=1)))).astype(float)
    settings = {"objective": "binary", "num_leaves": LEAVES, "num_threads": 1, "verbosity": -1}
    watch = Stopwatch()
    with watch.part("fit"):
        model = lightgbm.train(settings, lightgbm.Dataset(matrix, label), num_boost_round=TREES)
    with watch.part("predict"):
        model.predict(matrix[:20_000], num_threads=1)
    return {
        "fit_seconds_per_row": watch.parts["fit"]["processor"] / rows,
        "predict_seconds_per_row": watch.parts["predict"]["processor"] / 20_000,
    }


if __name__ == "__main__":
    run(measure)
