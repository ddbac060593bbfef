from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from features.measures.decayed import weights

AVX512 = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR X86_V4"
PRINT = """
import hashlib
from features.measures.decayed import weights
print(hashlib.sha256(weights(15, 4000).tobytes() + weights(90, 4000).tobytes()).hexdigest())
"""


def test_a_weight_halves_every_half_life() -> None:
    assert weights(2, 5).tolist() == pytest.approx(
        [1, 0.7071067811865476, 0.5, 0.3535533905932738, 0.25, 0.1767766952966369]
    )
    assert weights(30, 90)[[0, 30, 60, 90]].tolist() == [1.0, 0.5, 0.25, 0.125]


def test_weights_of_the_very_old_become_nothing() -> None:
    assert weights(7, 10_000)[-1] == 0.0


def test_weights_are_those_of_the_formula() -> None:
    ages = np.arange(3000)
    np.testing.assert_allclose(weights(14, 2999), 2.0 ** (-ages / 14), rtol=1e-14)


def test_a_processor_without_wide_registers_gives_the_same_bits() -> None:
    """`np.exp2` gives others there, which is why it is not used."""
    less = {**os.environ, "NPY_DISABLE_CPU_FEATURES": AVX512}
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PRINT], env=less, capture_output=True, text=True, check=True
    )
    here = hashlib.sha256(weights(15, 4000).tobytes() + weights(90, 4000).tobytes()).hexdigest()
    assert ran.stdout.strip() == here
