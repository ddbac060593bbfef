from __future__ import annotations

from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from features.computing import moves, passes, people, purchasing, strands
from features.computing.compiled import INTS, Compiled, compiled, load


def total(values: Any) -> Any:
    found = 0
    for value in values:
        found += value
    return found


NUMBERS = np.array([1, 2, 4])


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    return tmp_path


def test_what_was_compiled_once_is_read_by_the_next_process(cache: Path) -> None:
    assert compiled(INTS)(total)(NUMBERS) == 7
    (code,) = cache.rglob("*.nbc")
    written = code.stat().st_mtime_ns
    assert compiled(INTS)(total)(NUMBERS) == 7
    assert [(found, found.stat().st_mtime_ns) for found in cache.rglob("*.nbc")] == [(code, written)]


def test_what_is_loaded_ahead_is_not_compiled_at_its_first_call(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = compiled(INTS)(total)
    load([ahead, "whatever else a module holds"])
    monkeypatch.setattr(numba, "njit", None)
    assert ahead(NUMBERS) == 7
    with pytest.raises(TypeError):
        compiled(INTS)(total)(NUMBERS)


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
def test_a_damaged_file_costs_compiling_and_no_more(cache: Path, ending: str) -> None:
    compiled(INTS)(total)(NUMBERS)
    (found,) = cache.rglob(f"*.{ending}")
    found.write_bytes(found.read_bytes()[:20])
    assert compiled(INTS)(total)(NUMBERS) == 7


def test_where_nothing_can_be_kept_it_works_all_the_same() -> None:
    made: dict[str, Any] = {}
    exec("def doubled(values):\n    return values[0] * 2", made)  # numba has no file of it to keep the code beside
    assert compiled(INTS)(made["doubled"])(NUMBERS) == 2


def test_an_array_that_may_not_be_written_is_read() -> None:
    fixed = NUMBERS.copy()
    fixed.flags.writeable = False
    assert compiled(INTS)(total)(fixed) == 7


def test_every_pass_is_compiled_and_says_what_it_does() -> None:
    found = [
        value
        for module in (passes, strands, moves, people, purchasing)
        for value in vars(module).values()
        if isinstance(value, Compiled)
    ]
    assert len(found) == 16
    assert all(each.__doc__ for each in found)
