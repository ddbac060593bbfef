"""The arithmetic of a run on a cluster, from rates measured on one machine."""

from __future__ import annotations

from dataclasses import dataclass

GB = 1e9


@dataclass(frozen=True)
class Cluster:
    """Equal workers with cores as fast as the measured ones; rates per worker."""

    workers: int
    cores: int = 8
    memory_gb: float = 32
    network_gb: float = 1.25
    """10^9 bytes a second in each direction: 10 Gbit/s."""
    disk_gb: float = 1.0
    """10^9 bytes a second, written or read, of a local NVMe disk."""
    price: float = 0.05
    """Of a core for an hour, in dollars."""

    @property
    def all_cores(self) -> int:
        return self.workers * self.cores


@dataclass(frozen=True)
class Firm:
    """What is computed: a firm's rows, and what models learn from."""

    accounts: int = 10_000_000
    rows: int = 10_000_000_000
    days: int = 1096
    dates: int = 13
    fits: int = 6
    """Models that a target's training fits: inner folds, and the final one."""
    rows_per_bucket: int = 1_000_000

    @property
    def buckets(self) -> int:
        return self.rows // self.rows_per_bucket

    @property
    def rows_a_day(self) -> int:
        return self.rows // self.days

    @property
    def rows_a_month(self) -> int:
        return self.rows * 30 // self.days


@dataclass(frozen=True)
class Rates:
    """Measured: processor seconds of one core, and bytes."""

    source_bytes: float
    """A row's, in the sources' Parquet."""
    wire_bytes: float
    """A staged row's, as lz4 Arrow."""
    bucket_bytes: float
    """A row's, in the buckets on disk."""
    held_bytes: float
    """A row's, in memory, while its bucket's features are computed."""
    read: float
    """A row read, cast and encoded for the shuffle."""
    write: float
    """A row checked, sorted and written to its bucket."""
    look: float
    """A row of a bucket, whatever the dates: reading, and what is computed once."""
    date: float
    """A row of a bucket, for each as_of date."""
    keep: float
    """An account at an as_of date, its features written to disk."""
    fit: float
    """A training row, in one fit."""
    predict: float
    """An account scored."""
    training_rows: int
    """Rows that the sampling rule lets the driver's memory hold."""


@dataclass(frozen=True)
class Stage:
    """A stage of a run: what it takes, and the one resource that it waits for."""

    name: str
    seconds: float
    bound_by: str
    arithmetic: str


def stages(firm: Firm, cluster: Cluster, rates: Rates) -> tuple[Stage, ...]:
    """Return the stages of a first run: everything read, all training dates, one model, all accounts scored."""
    rows, cores = firm.rows, cluster.all_cores
    kept = firm.accounts * firm.dates
    features = rows * (rates.look + firm.dates * rates.date) + kept * rates.keep
    scoring = rows * (rates.look + rates.date) + firm.accounts * (rates.keep + rates.predict)
    return (
        _larger(
            "read and map",
            (rows * rates.read / cores, "cores", f"{rows:.0e} rows x {micro(rates.read)} / {cores:,} cores"),
            (
                rows * rates.source_bytes / GB / cluster.network_gb / cluster.workers,
                "network",
                f"{rows * rates.source_bytes / GB:,.0f} GB / {cluster.workers} workers / {cluster.network_gb} GB/s",
            ),
        ),
        _larger(
            "shuffle",
            (
                rows * rates.wire_bytes / GB / cluster.network_gb / cluster.workers,
                "network",
                f"{rows * rates.wire_bytes / GB:,.0f} GB / {cluster.workers} workers / {cluster.network_gb} GB/s",
            ),
            (
                2 * rows * rates.wire_bytes / GB / cluster.disk_gb / cluster.workers,
                "disks",
                f"2 x {rows * rates.wire_bytes / GB:,.0f} GB / {cluster.workers} workers / {cluster.disk_gb} GB/s",
            ),
        ),
        Stage(
            "check, sort and write buckets",
            rows * rates.write / cores,
            "cores",
            f"{rows:.0e} rows x {micro(rates.write)} / {cores:,} cores",
        ),
        Stage(
            f"features at {firm.dates} dates",
            features / cores,
            "cores",
            f"({rows:.0e} rows x ({micro(rates.look)} + {firm.dates} x {micro(rates.date)}) + {kept:.1e} x "
            f"{micro(rates.keep)}) / {cores:,} cores",
        ),
        Stage(
            "training, on the driver",
            rates.training_rows * rates.fit * firm.fits / cluster.cores,
            "one machine",
            f"{rates.training_rows:,} sampled rows x {micro(rates.fit)} x {firm.fits} fits / {cluster.cores} cores",
        ),
        Stage(
            "features at 1 date, and scoring",
            scoring / cores,
            "cores",
            f"({rows:.0e} rows x ({micro(rates.look)} + {micro(rates.date)}) + {firm.accounts:.0e} x "
            f"({micro(rates.keep)} + {micro(rates.predict)})) / {cores:,} cores",
        ),
    )


def daily(firm: Firm, cluster: Cluster, rates: Rates) -> tuple[Stage, ...]:
    """Return the stages of a morning: the new rows, the months that they touch, one as_of, no training."""
    new, cores = firm.rows_a_day, cluster.all_cores
    # Rows that come late by weeks open the part of the month before, too.
    touched = 2 * firm.rows_a_month
    return (
        Stage(
            "read, map and shuffle the new rows",
            new * rates.read / cores + 3 * new * rates.wire_bytes / GB / cluster.workers,
            "cores",
            f"{new:,} rows x {micro(rates.read)} / {cores:,} cores, and their bytes three times over wire and disk",
        ),
        Stage(
            "write the parts of two months anew",
            touched * rates.write / cores,
            "cores",
            f"2 x {firm.rows_a_month:,} rows x {micro(rates.write)} / {cores:,} cores",
        ),
        stages(firm, cluster, rates)[-1],
    )


def cost(found: tuple[Stage, ...], cluster: Cluster) -> tuple[float, float, float]:
    """Return hours, worker-hours and dollars of stages one after another."""
    hours = sum(stage.seconds for stage in found) / 3600
    return hours, hours * cluster.workers, hours * cluster.all_cores * cluster.price


def micro(seconds: float) -> str:
    """Return seconds in microseconds, "1.26 us"."""
    return f"{seconds * 1e6:.3g} us"


def _larger(name: str, *bounds: tuple[float, str, str]) -> Stage:
    return Stage(name, *max(bounds))
