"""Counts of rows in boosted trees, renewed where rows have weights.

TreeSHAP takes a node's mean over its children by how many rows fell into each, and LightGBM counts rows as they come:
of a sample it would measure contributions from the sample's mean, not from that of the rows stood for.
"""

from __future__ import annotations

import re
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WHOLE = 2**30
"""What the root of a tree counts: the weights are scaled to it, so that rounding to whole numbers loses nothing."""

AT_ONCE = 8192
"""Rows whose leaves are held at once."""


def weighted_counts(text: bytes, matrix: Floats, weight: Floats, threads: int) -> bytes:
    """Return LightGBM's text of trees with `leaf_count` and `internal_count` by weight, in parts of 2**30.

    `matrix` (rows, features) are the rows learnt from, `weight` how many rows each counts for. What the trees predict
    stays as it is; the last column of contributions becomes the weighted mean of what they predict for these rows.
    """
    plain = text.decode()
    head, *trees = re.split(r"(?m)^(?=Tree=\d+$)", plain)
    last, end, tail = trees[-1].partition("end of trees\n")
    trees[-1] = last
    sums = _leaf_sums(plain, matrix, weight, threads)
    renewed = [_renewed(tree, of) for tree, of in zip(trees, sums, strict=True)]
    # LightGBM finds the trees by their sizes.
    sizes = " ".join(str(len(tree.encode())) for tree in renewed)
    head = re.sub(r"(?m)^tree_sizes=.*$", f"tree_sizes={sizes}", head)
    return "".join([head, *renewed, end, tail]).encode()


def _leaf_sums(text: str, matrix: Floats, weight: Floats, threads: int) -> list[Floats]:
    """Return, per tree, the sum of weights of the rows in each leaf."""
    booster = lgb.Booster(model_str=text)
    most = max(tree["num_leaves"] for tree in booster.dump_model()["tree_info"])
    sums = np.zeros((booster.num_trees(), most))
    for first in range(0, len(matrix), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        leaves: NDArray[Any] = np.asarray(booster.predict(matrix[part], pred_leaf=True, num_threads=threads))
        for tree, leaf in enumerate(leaves.reshape(-1, len(sums)).T):
            sums[tree] += np.bincount(leaf.astype(np.intp), weight[part], most)
    return list(sums)


def _renewed(tree: str, sums: Floats) -> str:
    fields = dict(line.split("=", 1) for line in tree.splitlines() if "=" in line)
    leaves = int(fields["num_leaves"])
    if leaves < 2:
        return tree  # a constant has no children to weigh
    # A leaf without any would have TreeSHAP divide by zero.
    counts = np.maximum(1, np.round(sums[:leaves] * (WHOLE / sums.sum()))).astype(np.int64)
    children = [[int(child) for child in fields[side].split()] for side in ("left_child", "right_child")]
    inner = np.zeros(leaves - 1, np.int64)
    # A node's children are made after it: from the last one up, what they count is known. A leaf is written as ~leaf.
    for node in reversed(range(leaves - 1)):
        inner[node] = sum(inner[side[node]] if side[node] >= 0 else counts[~side[node]] for side in children)
    for name, values in (("leaf_count", counts), ("internal_count", inner)):
        tree = re.sub(rf"(?m)^{name}=.*$", f"{name}={' '.join(map(str, values))}", tree)
    return tree
