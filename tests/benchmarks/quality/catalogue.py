"""The contenders: how each is called, which file runs it, what its environment needs and which cases it can do."""

from __future__ import annotations

from dataclasses import dataclass

OURS = "model"
PLAIN = ("lightgbm", "lightgbm_baseline_settings", "logistic_plain", "logistic")
"""Plain LightGBM and the logistic, two ways each: the better of them is what ours has to beat."""
TOLD = ("latent_lightgbm", "exact")
"""Told the truth: no peers, but the bound that ours is measured by."""

EVERY_CASE = ("online_retail", "synthetic")
SHARED_OUT = 600.0
"""Seconds that an AutoML contender gets for a target by default."""


@dataclass(frozen=True)
class Contender:
    """One contender. `needs` are the packages of its own environment; none: it runs in the project's."""

    name: str
    title: str
    module: str
    needs: tuple[str, ...] = ()
    cases: tuple[str, ...] = EVERY_CASE
    sources: tuple[str, ...] = ()
    """Files and folders, from the project's root, that it depends on beside its own: a change of them refits it."""
    raw: bool = False
    """Whether it makes its features from the raw rows, so that theirs are what it depends on too."""
    timed: bool = False
    """Whether it searches for as long as it is given."""
    about: str = ""

    @property
    def peer(self) -> bool:
        return self.name != OURS and self.name not in TOLD


CODE = ("models", "features", "pipeline")

CONTENDERS: tuple[Contender, ...] = (
    Contender(
        OURS,
        "**keepgrow**",
        "ours",
        sources=CODE,
        about="the recipe that `keepgrow train` fits, held to the rate learnt",
    ),
    Contender(
        "lightgbm", "LightGBM, its defaults", "lightgbm_plain", about="our features, 100 trees of 31 leaves, rate .1"
    ),
    Contender(
        "lightgbm_baseline_settings",
        "LightGBM, the baseline's settings",
        "lightgbm_plain",
        sources=("tests/benchmarks/plain_lightgbm.py",),
        about="our features, 200 trees of 15 leaves, rate .03",
    ),
    Contender(
        "logistic_plain",
        "logistic, plain",
        "logistic_plain",
        about="our features, medians where blank, standardised, scikit-learn's default penalty",
    ),
    Contender(
        "logistic",
        "logistic, rank-transformed",
        "ours",
        sources=CODE,
        about="our features, keepgrow's own transform and penalty, held to the rate learnt as ours is",
    ),
    Contender(
        "hand_made",
        "hand-made features + LightGBM",
        "hand_made",
        cases=("online_retail",),
        sources=("tests/benchmarks/plain_lightgbm.py",),
        about="`plain_lightgbm.py`: features made with pandas, trained on the same dates",
    ),
    Contender(
        "featuretools",
        "Featuretools + LightGBM",
        "featuretools_dfs",
        needs=("featuretools==1.31.0", "pandas<3", "pyarrow", "setuptools<80", "lightgbm==4.7.0", "scikit-learn"),
        raw=True,
        about="deep feature synthesis over the rows visible at each as_of; LightGBM with the baseline's settings",
    ),
    Contender(
        "fastprop",
        "getML FastProp + LightGBM",
        "getml_fastprop",
        needs=("getml==1.5.1", "pyarrow", "lightgbm==4.7.0", "scikit-learn"),
        raw=True,
        about="features of its own choice from the raw rows; LightGBM with the baseline's settings",
    ),
    Contender(
        "autogluon",
        "AutoGluon",
        "autogluon_tabular",
        needs=("autogluon.tabular[lightgbm,catboost,xgboost]==1.6.3", "pyarrow"),
        timed=True,
        about="our features, bagged over five groups of accounts, without torch",
    ),
    Contender(
        "flaml",
        "FLAML",
        "flaml_tabular",
        needs=("flaml[automl]==2.7.0", "pyarrow"),
        timed=True,
        about="our features, validated over five groups of accounts",
    ),
    Contender(
        "bgnbd",
        "BG/NBD + Gamma-Gamma",
        "bgnbd",
        cases=("online_retail",),
        raw=True,
        about="days of purchase and their amounts alone; its own values at stake",
    ),
    Contender("recency", "recency rule", "ours", sources=CODE, about="days since the last purchase or interaction"),
    Contender(
        "latent_lightgbm",
        "LightGBM given the latent state",
        "latent",
        cases=("synthetic",),
        about="our features and the made-up company's hidden state beside them",
    ),
    Contender(
        "exact",
        "the exact probability",
        "latent",
        cases=("synthetic",),
        about="what the company's own process says; nobody can do better",
    ),
)
BY_NAME = {contender.name: contender for contender in CONTENDERS}
