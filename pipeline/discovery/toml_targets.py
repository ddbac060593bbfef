"""The part of a written config that says what is predicted: targets, training, evaluation."""

from __future__ import annotations

import re

from pipeline.discovery.guess import Discovery
from pipeline.discovery.periods import Plan
from pipeline.discovery.toml_lines import COMMENT_AT, comment, key, text

MOST_DATES = 13
"""Training dates: enough to learn from, and a first list in minutes."""


def target_lines(found: Discovery) -> list[str]:
    lines: list[str] = []
    contract, invoiced = found.plans.get("subscriptions"), found.plans.get("invoices")
    if contract is not None:
        lines += _contract_targets(found, contract)
    elif invoiced is not None:
        lines += _invoice_targets(found, invoiced)
    else:
        lines += comment(
            "Without invoices or subscriptions nothing tells who left or grew: bring either, or predict one of the "
            "kinds of interactions, as below."
        )
    kinds = [kind for kind in found.events if kind == "churn_event"] or (found.events if not tells_money(found) else ())
    for kind in kinds:
        lines += ["", *_event(found, kind)]
    widest = contract or invoiced or next(iter(found.plans.values()))
    lines += ["", "[training]", key("every_days", str(widest.every_days), "days between training dates; 7 to 28")]
    lines.append(
        key("max_dates", str(MOST_DATES), "at most this many training dates, the latest ones; more is slower; 6 to 52")
    )
    lines.append(key("min_positives", "50", "rows of either class; with fewer no model is fitted; 30 to 500"))
    lines += [
        "",
        "[evaluate]",
        key("n_folds", "3", "test dates of `keepgrow backtest`, the last ones possible; 3 to 6"),
    ]
    lines.append(key("every_days", "28", "days between them; 14 to 90"))
    lines.append(key("capacity", "100", "rows a team can work, for precision_at_capacity; 20 to 1000"))
    return lines


def tells_money(found: Discovery) -> bool:
    """Whether there is anything that churn and upsell can be told from."""
    return "subscriptions" in found.plans or "invoices" in found.plans


def _contract_targets(found: Discovery, planned: Plan) -> list[str]:
    days = found.covers["subscriptions"].days
    lines = [
        f"# The contracts cover {days:,} days; training and testing take about twice horizon + settle_days of them."
    ]
    lines += ["[targets.churn]", 'kind = "churn"']
    lines.append(key("by", text("contract"), "MRR falls to 0, and no new line starts within grace_days"))
    lines.append(key("horizon", str(planned.horizon), "days ahead the label looks; 30 to 180"))
    lines.append(key("gap", "0", "days between the list and the first day looked at, time to act; 0 to 30"))
    lines.append(
        key("grace_days", str(planned.settle_days), "a line that starts so soon after the end is no churn; 0 to 90")
    )
    lines.append(key("dated_by", text("notice"), 'counts on the day of notice where end_known_at has it; or "end"'))
    lines += ["", "[targets.upsell]", 'kind = "upsell"', key("by", text("contract"), "MRR grows by min_growth")]
    lines.append(key("horizon", str(planned.horizon), "days ahead the label looks; 30 to 180"))
    lines.append(key("min_growth", "0.1", "share by which MRR has to grow; 0.05 to 0.5"))
    return lines


def _invoice_targets(found: Discovery, planned: Plan) -> list[str]:
    days = found.covers["invoices"].days
    lines = [f"# The invoices cover {days:,} days: active_days and two horizons must fit, to train and to test later."]
    if found.gaps is not None:
        lines.append(
            f"# Half of an account's next invoices come within {found.gaps[0]} days, 90 % within {found.gaps[1]}."
        )
    lines += ["[targets.churn]", 'kind = "churn"']
    lines.append(key("by", text("inactivity"), 'no invoice in the horizon; "contract" where there are subscriptions'))
    lines.append(
        key("active_days", str(planned.active_days), "accounts with an invoice so recently are asked about; 60 to 365")
    )
    lines.append(key("horizon", str(planned.horizon), "days without an invoice that count as having left; 30 to 180"))
    lines.append(key("gap", "0", "days between the list and the first day looked at, time to act; 0 to 30"))
    lines += [
        "",
        "[targets.upsell]",
        'kind = "upsell"',
        key("by", text("spend"), "spends `ratio` times as much as before"),
    ]
    lines.append(key("horizon", str(planned.horizon), "days looked ahead, and back for the comparison; 30 to 180"))
    lines.append(key("ratio", "1.5", "spend ahead over spend behind that counts as growth; 1.1 to 3"))
    return lines


def _event(found: Discovery, kind: str) -> list[str]:
    planned = found.plans.get("subscriptions") or next(iter(found.plans.values()))
    lines = [f"# [targets.{re.sub(r'[^a-z0-9_]', '_', kind.lower())}]", '# kind = "event"']
    lines.append(
        f"# event = {text(kind)}".ljust(COMMENT_AT) + "# an interaction of this kind; take the # away to predict it"
    )
    lines.append(f"# horizon = {planned.horizon}")
    if not tells_money(found):
        lines.append("# value = 100.0".ljust(COMMENT_AT) + f"# {found.currency} at stake per account")
        lines.append(
            "# risk = false".ljust(COMMENT_AT) + "# true for a loss (an escalation), false for a gain (a referral)"
        )
    return lines
