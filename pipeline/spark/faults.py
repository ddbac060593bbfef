"""Faults of tasks, as they come out of the cluster: errors of ours unchanged, Spark's own in one line."""

from __future__ import annotations

import traceback

from pipeline import errors
from pipeline.errors import EngineError, KeepgrowError


def with_its_place(error: Exception) -> Exception:
    """Return a task's error with a note of where it was raised, for the log: its traceback does not travel."""
    if not isinstance(error, KeepgrowError):
        error.add_note("".join(traceback.format_exception(error)))
    return error


def first_line(error: BaseException) -> str:
    """Return the first line of what Spark says, which puts a Java stack below it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = (line for line in lines if not line.startswith("An error occurred while calling"))
    return next(telling, type(error).__name__).removeprefix(": ").rstrip(".")


def in_our_words(error: Exception) -> KeepgrowError:
    """Return what made Spark give up, in one line: the Python error of a task, else Spark's own first line.

    An error of ours that a task raised until Spark gave up is returned as such: it says itself what to do.
    """
    lines = [line.strip() for line in str(error).splitlines()]
    python = [line for line in lines if line and not line.startswith(("at ", "File ", "Driver stacktrace"))]
    traced = next((n for n, line in enumerate(python) if line.startswith("Traceback (most recent call last)")), None)
    told = first_line(error)
    if traced is not None:
        told = next((line for line in python[traced + 1 :] if _names_an_error(line)), told)
        name, _, message = told.partition(": ")
        kind = (
            getattr(errors, name.removeprefix("pipeline.errors."), None)
            if name.startswith("pipeline.errors.")
            else None
        )
        if isinstance(kind, type) and issubclass(kind, KeepgrowError):
            return kind(message)
    return EngineError(f"Spark gave up on a task that failed again and again: {told}. The log has its traceback.")


def _names_an_error(line: str) -> bool:
    name, found, _ = line.partition(":")
    return bool(found) and name.replace(".", "").replace("_", "").isalnum() and name.rsplit(".")[-1].endswith("Error")
