"""QUALITY.md, written from the exports and the predictions of a work folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.machine import described
from engine.report import reflowed
from engine.tables import table

from quality import figures
from quality.aims import Key, aims, plain_title, said
from quality.catalogue import CONTENDERS, Contender
from quality.judging import REPLICATES, Fitted, Judged

Plain = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """A target of a case on some of its folds: what was exported, run and judged."""

    key: Key
    title: str
    folds: Sequence[Plain]
    fitted: Mapping[str, Fitted]
    judged: Judged


def render(
    parts: Sequence[Part],
    measured: Mapping[str, Plain | None],
    automl_seconds: float,
    quick: bool,
    failed_cases: Mapping[str, str] | None = None,
    page: str = "",
) -> str:
    """Return the whole page; what was not measured is said to be so.

    Figures of scripts that were not run since the work folder was made stay as `page`, the report so far, tells them.
    """
    judged = {part.key: part.judged for part in parts}
    pieces = [head(parts, automl_seconds, quick), statements(judged)]
    pieces += [f"**{case} was not measured:** {reason}\n" for case, reason in (failed_cases or {}).items()]
    pieces += [target(part) for part in parts]
    pieces += [contenders(parts)]
    pieces += [figures.section(name, measured.get(name), page) for name in figures.FIGURES]
    return reflowed("\n\n".join(piece.strip() for piece in pieces))


def head(parts: Sequence[Part], automl_seconds: float, quick: bool) -> str:
    shares = {}
    for part in parts:
        if part.key[2] == "earlier":
            shares[part.key[0]] = automl_seconds / max(1, len(part.folds))
    shared = " and ".join(f"{each:.0f} s a fold ({case.replace('_', ' ')})" for case, each in shares.items())
    small = "\n**Made with --quick, on a small part of the data: it holds nothing to its aims.**\n" if quick else ""
    return f"""# How good the predictions are, beside peers'

Written by `make bench-quality`, which exports the data, fits, judges and writes; nothing here is typed by hand.
{small}
{described()}. Every contender learnt from the same rows and predicted the same test rows, each in a process of its own;
seconds are of processor time, over all threads, and cover fitting and predicting.

- *Online Retail*: real invoice lines of a wholesaler (UCI 352), churn by inactivity and upsell by spend, horizon 60
  days; each test date is predicted from every 14th day from 2011-03-01 whose labels were closed by it.
- *Synthetic company*: 20,000 accounts over 4 years, made up from a process whose exact probabilities are known; churn
  and upsell by contract, horizon 90 days; each test date is predicted from 8 dates 56 days apart whose labels were
  closed by it.
- Intervals are 95 %, from {REPLICATES:,} resamples of accounts with all their rows; differences are ours minus theirs,
  paired on the same resamples. They cover the luck of which accounts there are, not that of other years or firms.
- AUC and average precision are better higher, as is *value captured*: of the value really lost or won the share that
  lies with the tenth of accounts highest by probability x value. *ECE*, the expected calibration error over ten equal
  bins, is better lower: there a negative difference is in our favour.
- Contenders that predict probabilities alone get the value at stake that ours uses (churn: as the target defines it;
  upsell: the expected increment of ours), so that rankings by value differ by probability only. BG/NBD with Gamma-Gamma
  brings its own.
- AutoGluon and FLAML get {automl_seconds:.0f} s of wall time each for a target, shared out over its earlier folds
  ({shared or "none"}); a final fold gets as much as one of the others. How much they could do in it, beside whatever
  else the machine did, their seconds of processor time say.
"""


def statements(judged: Mapping[Key, Judged]) -> str:
    rows = [[each.about, each.what, each.measured, figures.met(each.met)] for each in aims(judged)]
    return "## What they are held to\n\n" + (table(("", "", "measured", ""), rows) if rows else "Nothing was measured.")


def target(part: Part) -> str:
    """Two tables of a target: each contender's figures, and ours minus each."""
    judged, rates = part.judged, _rates(part.folds)
    learnt = [
        f"{fold['test']} from {fold['rows']['train']:,} rows of {len(fold['train'])} dates" for fold in part.folds
    ]
    unknown = (
        f" {judged.truth_unknown:,} rows are left out, where the company's truth is not known."
        if judged.truth_unknown
        else ""
    )
    positives = int(judged.rows["label"].sum()) if len(judged.rows) else 0
    accounts = judged.rows["account_id"].nunique() if len(judged.rows) else 0
    text = f"""## {part.title}

{len(judged.rows):,} test rows of {accounts:,} accounts, {positives:,} with label 1.{unknown}
Learnt: {"; ".join(learnt)}.
Base rate: {rates}.
"""
    return f"{text}\n{_figures(part)}\n{_differences(part)}\n{_left_out(part)}"


def _figures(part: Part) -> str:
    rows = []
    for contender in CONTENDERS:
        if contender.name not in part.judged.names:
            continue
        own = part.fitted[contender.name].records
        cells = [_cell(part.judged.interval(contender.name, metric)) for metric in ("auc", "average_precision")]
        against = part.judged.difference(contender.name, "auc")
        cells.insert(1, said(against, sign=True) if against else "")
        cells += [_cell(part.judged.interval(contender.name, m), short=True) for m in ("value_captured_10", "ece")]
        seconds = sum(record["processor"] for record in own if record)
        learnt = sum(record["rows"] for record in own if record)
        rows.append([contender.title, *cells, f"{seconds:,.0f}", f"{learnt:,}" if learnt else ""])
    heads = ("", "AUC", "ours - it", "average precision", "value captured", "ECE", "CPU s", "rows learnt")
    return table(heads, rows) if rows else "No contender was measured.\n"


def _differences(part: Part) -> str:
    rows = []
    for contender in CONTENDERS:
        if part.judged.difference(contender.name, "auc") is None:
            continue
        told = [part.judged.difference(contender.name, m) for m in ("average_precision", "value_captured_10", "ece")]
        rows.append([contender.title, *(said(each, sign=True) if each else "" for each in told)])
    heads = ("ours minus", "average precision", "value captured", "ECE")
    return table(heads, rows) if rows else ""


def _left_out(part: Part) -> str:
    reasons = [
        f"- {plain_title(contender.name)}: {_reason(contender, part)}"
        for contender in CONTENDERS
        if contender.name not in part.judged.names
    ]
    notes = [
        f"- {plain_title(name)}: {'; '.join(told)}" for name in part.judged.names if (told := _notes(part.fitted[name]))
    ]
    text = "Not in the tables:\n\n" + "\n".join(reasons) + "\n" if reasons else ""
    return text + ("\nWhat they said, fold by fold:\n\n" + "\n".join(notes) + "\n" if notes else "")


def _reason(contender: Contender, part: Part) -> str:
    if part.key[0] not in contender.cases:
        told = {"hand_made": "it reads invoice lines", "bgnbd": "it knows purchases, and these targets are contracts'"}
        return told.get(contender.name, "nobody knows the truth of real accounts")
    return part.judged.left_out.get(contender.name, "not measured")


def _notes(fitted: Fitted) -> list[str]:
    notes = [str(record["note"]) for record in fitted.records if record and record.get("note")]
    return notes if len(set(notes)) > 1 else notes[:1]


def _rates(folds: Sequence[Plain]) -> str:
    return "; ".join(
        f"{fold['test']} {fold['rates']['test']:.3f}, {fold['rates']['train']:.3f} among the rows learnt from "
        f"({fold['rates']['test'] - fold['rates']['train']:+.3f})"
        for fold in folds
    )


def _cell(measured: Any, short: bool = False) -> str:
    if measured is None or measured.value is None:
        return ""
    return f"{measured.value:.3f}".replace("0.", ".", 1) if short and measured.low is None else said(measured)


def contenders(parts: Sequence[Part]) -> str:
    """Who they are, with versions."""
    rows = []
    for contender in CONTENDERS:
        versions = {
            record["version"]
            for part in parts
            if contender.name in part.fitted
            for record in part.fitted[contender.name].records
            if record and record.get("version")
        }
        where = "its own environment" if contender.needs else ""
        rows.append([contender.title, contender.about, "; ".join(sorted(versions)) or "did not run", where])
    return "## The contenders\n\n" + table(("", "what it is", "versions", ""), rows)
