"""Python functions over arrays, compiled by numba on their first call and kept on disk for the next process."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any

INTS = "Array(int64, 1, 'C', True)"
DAYS = "Array(int32, 1, 'C', True)"
FLOATS = "Array(float64, 1, 'C', True)"
"""Arguments that a pass only reads: arrays of one dimension, writable ones too."""

_COMPILING = Lock()


def compiled(*arguments: str) -> Callable[[Callable[..., Any]], Compiled]:
    """Return a decorator that has a function compiled for arguments of these numba types."""
    return lambda function: Compiled(function, f"({', '.join(arguments)},)")


def load(functions: Iterable[object]) -> None:
    """Compile those of `functions` that are `Compiled`, or read their machine code, ahead of their first call.

    For a process that waits for something else anyway.
    """
    for function in functions:
        if isinstance(function, Compiled):
            function.load()


class Compiled:
    """A function that is compiled when it is first called; it runs without Python's lock, so threads work side by side.

    `function` is what was written, in plain Python.
    """

    def __init__(self, function: Callable[..., Any], arguments: str) -> None:
        self.function = function
        self.__doc__ = function.__doc__
        self._arguments = arguments
        self._machine_code: Callable[..., Any] | None = None

    def __call__(self, *arguments: Any) -> Any:
        return (self._machine_code or self.load())(*arguments)

    def load(self) -> Callable[..., Any]:
        """Return the machine code, compiled or read from disk where that has not been done yet."""
        with _COMPILING:
            self._machine_code = self._machine_code or _compile(self.function, self._arguments)
        return self._machine_code


def _compile(function: Callable[..., Any], arguments: str) -> Callable[..., Any]:
    import numba  # noqa: PLC0415 - it takes a third of a second, which commands that build nothing need not pay

    try:
        return numba.njit(arguments, nogil=True, error_model="numpy", cache=True)(function)
    except (OSError, RuntimeError, EOFError, ValueError, pickle.PickleError):
        # No folder can be written, or what lies there is damaged: it works all the same, and compiles every time.
        return numba.njit(arguments, nogil=True, error_model="numpy")(function)
