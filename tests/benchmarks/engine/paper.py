"""The section of RESULTS.md that takes a firm past this machine, on paper, from the rates measured on it."""

from __future__ import annotations

from collections.abc import Mapping

from engine.cases import Case
from engine.chapters import DATES, Scale
from engine.cluster import GB, Cluster, Firm, Rates, cost, daily, micro, stages
from engine.runner import Record
from engine.tables import ok, seconds, table
from engine.task import NUMBER
from pipeline.memory import PROGRAMS_GB, TRAINING_SHARE

COPIES = 3
"""What a training row takes while a model is fitted, in times its numbers."""

CLUSTERS = (Cluster(20), Cluster(200))


def measured_rates(records: Mapping[str, Record], scale: Scale, memory_gb: float) -> Rates | None:
    """Return the rates that the records give; None unless all that is needed was measured."""
    case = Case(scale.usual)
    names = {
        "data": f"data/{case.size.name}",
        "buckets": f"snapshot/{case.name}",
        "one": f"features/{case.name}/1",
        "many": f"features/{case.name}/{DATES}",
        "kept": f"features-kept/{case.name}/{DATES}",
        "rates": "rates",
    }
    if not all(ok(records.get(name)) for name in names.values()):
        return None
    found = {key: records[name] for key, name in names.items()}
    rows = found["buckets"]["rows"]
    read = found["rates"]["read_seconds_per_row"] + found["rates"]["encode_seconds_per_row"]
    date = max(0.0, (found["many"]["processor"] - found["one"]["processor"]) / (DATES - 1)) / rows
    keep = max(0.0, found["kept"]["processor"] - found["many"]["processor"]) / found["many"]["rows"]
    at_once = min(case.workers, found["buckets"]["buckets"]) / found["buckets"]["buckets"]
    training = (memory_gb - PROGRAMS_GB) * GB * TRAINING_SHARE / (NUMBER * 8 * COPIES)
    return Rates(
        source_bytes=found["data"]["bytes"] / found["data"]["rows"],
        wire_bytes=found["rates"]["wire_bytes_per_row"],
        bucket_bytes=found["buckets"]["bytes_per_row"],
        held_bytes=found["many"]["peak_gb"] * GB / (rows * at_once),
        read=read,
        write=max(0.0, found["buckets"]["processor"] / rows - found["rates"]["read_seconds_per_row"]),
        look=max(0.0, found["one"]["processor"] / rows - date),
        date=date,
        keep=keep,
        fit=found["rates"]["fit_seconds_per_row"],
        predict=found["rates"]["predict_seconds_per_row"],
        training_rows=int(training),
    )


def past_this_machine(records: Mapping[str, Record], scale: Scale) -> str:
    """Return the section, or why there is none."""
    firm, cluster = Firm(), CLUSTERS[0]
    rates = measured_rates(records, scale, cluster.memory_gb)
    if rates is None:
        return "## Past this machine, on paper\n\nNot all rates that it needs were measured: run the chapter `rates`.\n"
    assumed = f"""## Past this machine, on paper

{firm.accounts:,} accounts with {firm.rows:,} interactions over three years, {NUMBER} features. Nothing here was run;
the
rates are those measured above on {scale.usual} (processor seconds of one core), and the work is taken to divide
evenly.

- **A worker** has {cluster.cores} cores as fast as one here, {cluster.memory_gb:g} GB, {cluster.network_gb * 8:g}
  Gbit/s of
  network, a local disk of {cluster.disk_gb:g} GB/s; a core costs ${cluster.price:.2f} an hour. Spark's own
  start-up, and waiting for the slowest task, are left out.
- **Bytes.** A row takes {rates.source_bytes:.1f} bytes in the sources, {rates.wire_bytes:.1f} staged on the wire (lz4
  Arrow)
  and {rates.bucket_bytes:.1f} in its bucket: the shuffle moves {firm.rows:.0e} x {rates.wire_bytes:.1f} =
  {firm.rows * rates.wire_bytes / GB:,.0f} GB once, the buckets keep {firm.rows * rates.bucket_bytes / GB:,.0f} GB.
- **Memory per task.** {firm.buckets:,} buckets of {firm.rows_per_bucket:,} rows ({firm.accounts // firm.buckets:,}
  accounts
  on average). Features held {rates.held_bytes:.0f} bytes for each row of a bucket being worked on, programs included:
  {firm.rows_per_bucket * rates.held_bytes / GB:.2f} GB a task, {cluster.cores} tasks a worker:
  {cluster.cores * firm.rows_per_bucket * rates.held_bytes / GB:.1f} GB. Spark's own
  part of the memory comes on top.
- **Training** collects a sample on the driver: {NUMBER} features x 8 bytes x {COPIES} copies within
  {TRAINING_SHARE:.0%} of
  its {cluster.memory_gb:g} GB (less {PROGRAMS_GB} GB for programs) are {rates.training_rows:,} of
  {firm.accounts * firm.dates:,} rows: all positives, and negatives with their weight.
"""
    return "\n".join([assumed, *(_on(firm, each, rates) for each in CLUSTERS), _closing(firm, rates)])


def _on(firm: Firm, cluster: Cluster, rates: Rates) -> str:
    first, morning = stages(firm, cluster, rates), daily(firm, cluster, rates)
    slowest = max(first, key=lambda stage: stage.seconds)
    heads = ("stage", "seconds", "bound by", "arithmetic")
    rows = [[stage.name, seconds(stage.seconds), stage.bound_by, stage.arithmetic] for stage in first]
    daily_rows = [[stage.name, seconds(stage.seconds), stage.bound_by, stage.arithmetic] for stage in morning]
    hours, worker_hours, money = cost(first, cluster)
    day, day_workers, day_money = cost(morning, cluster)
    return f"""### {cluster.workers} workers, {cluster.all_cores:,} cores

The first run: {hours:.2f} hours, {worker_hours:,.1f} worker-hours, ${money:,.2f}. The bottleneck is *{slowest.name}*
({slowest.bound_by}): {slowest.seconds / sum(stage.seconds for stage in first):.0%} of the time.

{table(heads, rows)}
A morning: {day * 60:.1f} minutes, {day_workers:,.2f} worker-hours, ${day_money:,.2f}.

{table(heads, daily_rows)}"""


def _closing(firm: Firm, rates: Rates) -> str:
    whole = firm.rows * (rates.read + rates.write) / 3600
    look, date = firm.rows * rates.look / 3600, firm.rows * rates.date / 3600
    return f"""A morning is cheap only where the source hands over its new rows apart: reading and checking all rows
    anew
takes {firm.rows:.0e} x ({micro(rates.read)} + {micro(rates.write)}) = {whole:,.0f} core-hours instead. Features at
one as_of look
at every row, since some of them look at all history: {look:,.0f} core-hours to read and prepare the rows, {date:,.1f}
for the
date itself. With ten times the workers everything but training is ten times as fast; training stays on one machine
and becomes what a run waits for. A larger driver, or fewer sampled rows, is the remedy, not more workers.
"""
