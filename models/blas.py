"""One thread for linear algebra: on a busy machine more are ten times slower, and sums would depend on their number."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager[Any]:
    """Hold BLAS to one thread for a while."""
    return _controller().limit(limits=1, user_api="blas")


@cache
def _controller() -> ThreadpoolController:
    # Looking through the libraries that are loaded takes longer than a small fit: once is enough.
    return ThreadpoolController()
