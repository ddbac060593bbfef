"""The command line app that every command adds itself to, and the options that commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Which accounts should each account manager call today, about what, and why.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Config = Annotated[Path, typer.Option("--config", "-c", metavar="FILE", help="The config file.")]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="YYYY-MM-DD", help="Default: as_of under run in the config, else today."),
]
Json = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Write what is printed as data; - is stdout.")
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more, and show tracebacks.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Do everything but register, publish and export.")]
Targets = Annotated[
    list[str] | None, typer.Option("--target", "-t", metavar="NAME", help="Only this target; may be repeated.")
]
Retrospective = Annotated[bool, typer.Option(help="Allow a model that is newer than the as_of; never published.")]
Predictions = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write every out-of-time prediction as Parquet.")
]
Folds = Annotated[
    int | None,
    typer.Option(min=1, max=120, metavar="N", help="So many test dates, instead of those the config asks for."),
]
Ageing = Annotated[bool, typer.Option("--ageing", help="Score each model 1 to 12 months later too.")]
Families = Annotated[bool, typer.Option("--families", help="Refit without each family of features too; it takes long.")]
Folder = Annotated[Path, typer.Option(help="Where the company and everything made from it go.")]
CONFIG = Path("keepgrow.toml")
