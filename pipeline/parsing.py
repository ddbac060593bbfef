"""From plain data to frozen models: every fault by its key, the nearest known key, and secrets from the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.errors import SettingsError, nearest

Model = TypeVar("Model", bound=BaseModel)


class Section(BaseModel):
    """Base of every part of the config: frozen, and no key it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def without_secrets(message: str, text: str) -> str:
    """Return a message about the config `text` with the values of its environment variables named, not shown."""
    for name in _VARIABLE.findall(text):
        value = os.environ.get(name.removeprefix("env:"), "")
        message = message.replace(value, f"${{{name}}}") if value else message
    return message


def parse(model: type[Model], data: Mapping[str, Any], where: str) -> Model:
    """Return `data` as `model`, or raise one SettingsError that lists every fault with its key."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        faults = [_fault(model, fault) for fault in error.errors()]
        raise SettingsError(f"{where}: " + "; ".join(dict.fromkeys(faults))) from None


def _fault(model: type[BaseModel], fault: Any) -> str:
    location = [part for part in fault["loc"] if part != "function-after"]
    key = ".".join(str(part) for part in location)
    if fault["type"] == "extra_forbidden":
        known = _fields_at(model, location[:-1])
        return f"unknown key '{key}'; {nearest(str(location[-1]), known)}"
    if fault["type"] == "missing":
        return f"missing key '{key}'"
    message = fault["msg"].removeprefix("Value error, ")
    found = "" if isinstance(fault["input"], dict) else f" (found {fault['input']!r})"
    return f"{key}: {message}{found}" if key else message


def _fields_at(model: Any, location: list[Any]) -> list[str]:
    """Return the field names of the section a location leads to, walking through mappings and tuples."""
    for part in location:
        if isinstance(model, type) and issubclass(model, BaseModel) and part in model.model_fields:
            model = model.model_fields[part].annotation
        else:
            arguments = [a for a in getattr(model, "__args__", ()) if a not in (str, Ellipsis, type(None))]
            model = arguments[0] if arguments else model
    while not (isinstance(model, type) and issubclass(model, BaseModel)):
        arguments = [a for a in getattr(model, "__args__", ()) if a not in (str, Ellipsis, type(None))]
        if not arguments:
            return []
        model = arguments[0]
    return list(model.model_fields)


_VARIABLE = re.compile(r"\$\{([^}]*)\}")


def with_environment(value: Any, where: str) -> Any:
    """Return `value` with every `${env:NAME}` in its strings replaced."""
    if isinstance(value, dict):
        return {key: with_environment(part, f"{where}: {key}") for key, part in value.items()}
    if isinstance(value, list):
        return [with_environment(part, where) for part in value]
    if not isinstance(value, str):
        return value
    if "\0" in value:
        raise SettingsError(f"{where}: expected a text without NUL characters; found {value!r}")

    def look_up(match: re.Match[str]) -> str:
        scheme, _, name = match.group(1).partition(":")
        if scheme != "env" or not name:
            raise SettingsError(f"{where}: expected ${{env:NAME}}; found {match.group(0)}")
        if name not in os.environ:
            raise SettingsError(f"{where}: environment variable {name} is not set; export it before the command")
        return os.environ[name]

    return _VARIABLE.sub(look_up, value)
