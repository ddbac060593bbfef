"""What `keepgrow init` does: looks at tables, asks where in doubt, writes a config, checks it, and says what it did."""

from __future__ import annotations

import os
import re
import shlex
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import typer
from rich.text import Text

from flows.command import OUT, Command
from flows.printing import print_table
from pipeline.discovery import Ask, Discovery, Question, config_text, discover, look_at
from pipeline.errors import SettingsError
from pipeline.settings import Settings, read_settings


def check_target(config: Path, force: bool) -> None:
    """Raise SettingsError where the config must not, or cannot, be written: before minutes are spent on the tables."""
    if config.exists() and not force:
        raise SettingsError(f"init: {config} exists already. Name another with --config, or say --force to replace it.")
    if config.is_dir():
        raise SettingsError(f"init: {config} is a folder. Name a file with --config, say keepgrow.toml.")
    if not config.resolve().parent.is_dir():
        raise SettingsError(
            f"init: there is no folder {config.resolve().parent} to write {config.name} in. Make it first."
        )
    handle, temporary = _beside(config)
    os.close(handle)
    Path(temporary).unlink()


def chosen_name(name: str | None, config: Path) -> str:
    """Return the name of the config's state: as asked for, or after the folder that the config lies in."""
    if name is not None:
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
            raise SettingsError(f"init: --name {name!r}: expected lower case letters, digits, - and _, say 'acme'.")
        return name
    folder = re.sub(r"[^a-z0-9_-]+", "_", config.resolve().parent.name.lower()).strip("_-")
    return folder or "keepgrow"


def explore(paths: Sequence[Path], config: Path, ask: Ask | None, today: date) -> Discovery:
    """Return what the tables are and how they map, telling how far it is."""
    with OUT.status("looking at the tables ...") as status:
        profiles, con = look_at(
            paths, config.resolve().parent, lambda source: status.update(f"looking at {source} ...")
        )
        status.stop()
        with con:
            return discover(con, profiles, ask, today)


def at_terminal() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def prompt(question: Question) -> str:
    """Ask at the terminal, the best guess being what an empty answer means."""
    choices = f" [{' / '.join(question.options)}]" if question.options else ""
    while True:
        answer = str(typer.prompt(f"{question.text}{choices}?", default=question.default)).strip()
        if question.accepts(answer):
            return answer
        typer.echo(f"Please answer {question.expected}.")


def write(config: Path, found: Discovery, name: str, today: date) -> Settings:
    """Write the config in one piece, once it reads back; return what it says."""
    text = config_text(found, name, today)
    handle, temporary = _beside(config)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        read_settings(temporary)
        os.chmod(temporary, 0o644)
        os.replace(temporary, config)
    except OSError as error:
        raise _cannot_write(config, error) from None
    finally:
        Path(temporary).unlink(missing_ok=True)
    return read_settings(config)


def _beside(config: Path) -> tuple[int, str]:
    """Make an empty file in the config's folder; return its handle and name."""
    try:
        return tempfile.mkstemp(dir=config.resolve().parent, prefix=".keepgrow-", suffix=".toml")
    except OSError as error:
        raise _cannot_write(config, error) from None


def _cannot_write(config: Path, error: OSError) -> SettingsError:
    return SettingsError(
        f"init: {config} cannot be written: {error.strerror or error}. Name a file in a folder of yours with --config."
    )


def tell(found: Discovery) -> None:
    """Print which table is which, what is left out and why, and what was guessed."""
    records = [
        {
            "source": Path(entry.profile.source).name,
            "is": entry.table,
            "rows": f"{entry.profile.rows:,}",
            "mapped": ", ".join(name for name, value in entry.columns.items() if not value.exclude)
            if entry.select is None
            else "a query",
        }
        for entry in found.entries
    ]
    print_table(OUT, "Tables", records, numbers=("rows",))
    for source, reason in found.tables_left_out:
        OUT.print(Text(f"not used   {Path(source).name}: {reason}"), soft_wrap=True)
    seen = set()
    for entry in found.entries:
        if entry.profile.source in seen:
            continue
        seen.add(entry.profile.source)
        for reason, names in found.left_out(entry).items():
            OUT.print(
                Text(f"left out   {Path(entry.profile.source).name}, {reason}: {', '.join(names)}"), soft_wrap=True
            )
    for doubt in found.doubts.said:
        OUT.print(Text(f"unsure     {doubt}", style="yellow"), soft_wrap=True)


def check_made(running: Command) -> bool:
    """Validate what was written, tell what was found in a line each, and return whether a run may go on."""
    from pipeline.validate import validate

    findings = validate(running.settings, running.as_of)
    running.printed |= {"findings": findings.as_data(), "errors": len(findings.errors)}
    for finding in findings.errors:
        OUT.print(Text(f"error      {finding}", style="bold red"), soft_wrap=True)
    for finding in findings.warnings:
        OUT.print(Text(f"warning    {finding.table}: {finding.rule} ({finding.count:,} rows)"), soft_wrap=True)
    stops = " Errors stop a run: mend what they name." if findings.errors else ""
    OUT.print(Text(f"{len(findings.errors)} errors, {len(findings.warnings)} warnings.{stops}"), soft_wrap=True)
    return not findings.errors


def next_steps(config: Path, settings: Settings) -> None:
    """Print the commands that come next."""
    option = "" if config == Path("keepgrow.toml") else f" --config {shlex.quote(str(config))}"
    OUT.print(Text(f"\nWrote {config}: every guess is in its comments. Next:"), soft_wrap=True)
    for said in ("validate", "run", *(f"show {target}" for target in list(settings.targets)[:1])):
        OUT.print(Text(f"  keepgrow {said}{option}"), soft_wrap=True)
