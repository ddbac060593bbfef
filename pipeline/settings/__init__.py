"""What an operator says in the config, section by section: sources, running, learning, results; config is the whole."""

from pipeline.parsing import Section, parse
from pipeline.settings.config import Settings, read_settings
from pipeline.settings.days import LONGEST, Day, Days
from pipeline.settings.learning import EvaluateSettings, TrainingSettings
from pipeline.settings.results import ListSettings, MlflowSettings, Play, SinkSettings
from pipeline.settings.running import AccountSettings, EngineSettings, RunSettings
from pipeline.settings.sources import AccountThrough, ColumnSource, TableSource

__all__ = [
    "LONGEST",
    "AccountSettings",
    "AccountThrough",
    "ColumnSource",
    "Day",
    "Days",
    "EngineSettings",
    "EvaluateSettings",
    "ListSettings",
    "MlflowSettings",
    "Play",
    "RunSettings",
    "Section",
    "Settings",
    "SinkSettings",
    "TableSource",
    "TrainingSettings",
    "parse",
    "read_settings",
]
