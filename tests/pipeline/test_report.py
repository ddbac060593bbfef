"""The run report: what it says on top, how it writes figures, and that any text stays text."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from pipeline.report import (
    Changes,
    DataRead,
    FindingTold,
    Gone,
    ListedRow,
    Listing,
    Mover,
    Report,
    TableRead,
    TargetTold,
    Training,
    render,
)
from pipeline.report.attention import notices
from pipeline.report.words import figure, interval, many, money, percent, points, ticks

EVIL = "<script>alert('x')</script> & \"A/S\""


class Reader(HTMLParser):
    """What a browser would show, and whether every element is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        self.ids += [found["id"] or ""] if "id" in found else []
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def row(rank: int = 1, **other: Any) -> ListedRow:
    told: dict[str, Any] = {
        "rank": rank, "account_id": f"A{rank}", "name": f"Firm {rank}", "band": "High, about 7 in 10",
        "probability": 0.72, "observed": 0.68, "observed_low": 0.61, "observed_high": 0.74, "value_at_stake": 120000.0,
        "worth": 8640.4, "change": "new", "reasons": [("raises", "logins fell from 210 to 84")],
    }  # fmt: skip
    return ListedRow(**told | other)


def ends(value: float | None, low: float | None = None, high: float | None = None) -> dict[str, float | None]:
    return {"value": value, "low": low, "high": high}


def training(**other: Any) -> Training:
    measured = {"model": {"auc": ends(0.743, 0.721, 0.765)}, "recency": {"auc": ends(0.576, 0.55, 0.6)}}
    part = {"n": 1812, "positives": 96, "contenders": measured}
    told: dict[str, Any] = {
        "said_of": "the training of this run",
        "evaluation": {"folds": [{"as_of": "2025-08-07", **part}], "pooled": part},
        "curves": {
            "gain": [{"share": 0.0, "captured": 0.0}, {"share": 0.5, "captured": 0.8}, {"share": 1.0, "captured": 1.0}],
            "reliability": [{"predicted": 0.1, "observed": 0.12, "observed_low": 0.08, "observed_high": 0.17}],
        },
        "cohorts": [{"as_of": "2025-03-01", "n": 1812, "positives": 96}],
        "importance": [("use", 0.6), ("payments", 0.4)],
        "decision": {"promote": True, "rule": "first", "serve": "challenger", "reason": "It is the first champion.",
                     "figures": {"auc": ends(0.743, 0.721, 0.765)}},
        "verdict": "signal",
        "trained_until": "2025-12-31",
    }  # fmt: skip
    return Training(**told | other)


def listing(**other: Any) -> Listing:
    told: dict[str, Any] = {
        "run_id": "churn-2026-01-01-9f2c04d1e7", "model": "keepgrow-churn version 3", "recipe": "model",
        "trained_until": "2025-12-31", "worth": 210000.0, "at_stake": 3000000.0, "shown": True, "said": "published",
        "counts": {"scored": 1700, "listed": 148, "over_capacity": 1500, "not_worth_it": 52, "leaving": 3,
                   "too_new": 4, "outside": 0, "excluded": {"do not contact": 2}},
        "held": "", "top": [row()], "topics": [("use", 0.5)], "sinks": [], "digests": {"model": "ab" * 32},
        "changes": None,
    }  # fmt: skip
    return Listing(**told | other)


def target(**other: Any) -> TargetTold:
    told: dict[str, Any] = {
        "name": "churn",
        "words": {"cohort": "MRR above 0", "label": "MRR is 0 in the window", "value": "12 x MRR"},
        "horizon": 90, "gap": 0, "risk": True, "outcome": "not due", "reason": "the next training is due on 2026-01-30",
        "training": training(), "listing": listing(), "data_until": date(2025, 12, 31),
    }  # fmt: skip
    return TargetTold(**told | other)


def report(*targets: TargetTold, **other: Any) -> Report:
    data = DataRead(
        [TableRead("invoices", 1234, 1230, {"amount not finite": 4}, 0, 0, date(2024, 1, 1), date(2025, 12, 30))],
        [], 2000, 180, "cd" * 32,
    )  # fmt: skip
    told: dict[str, Any] = {
        "name": "demo", "config": "/srv/keep grow/demo.toml", "as_of": date(2026, 1, 1),
        "made_at": datetime(2026, 1, 1, 6, 30, tzinfo=UTC), "code_version": "0.1.0", "dry_run": False,
        "currency": "EUR", "language": "en", "data": data, "targets": targets or [target()], "left_out": {},
    }  # fmt: skip
    return Report(**told | other)


def shown(*targets: TargetTold, **other: Any) -> str:
    return Reader(render(report(*targets, **other))).text


def test_the_first_lines_say_what_came_out() -> None:
    text = shown()
    assert "churn : 148 to call, worth EUR 210,000 if every call has its expected effect; champion kept" in text
    assert "no training was due. Out-of-time AUC .743 (.721 to .765)." in text
    assert "all quiet" in text
    assert "written 2026-01-01 06:30 UTC by keepgrow 0.1.0 with demo.toml" in text


def test_a_row_shows_words_number_observed_rate_value_worth_and_reasons() -> None:
    text = shown()
    assert "Firm 1 A1 logins fell from 210 to 84 High, about 7 in 10 72 % observed 68 % (61 % to 74 %)" in text
    assert "EUR 120,000 EUR 8,640" in text
    assert "The first 1 of 148 rows" in text


def test_a_row_without_observed_rate_or_name_leaves_them_out() -> None:
    text = shown(target(listing=listing(top=[row(name=None, observed=None, observed_low=None, observed_high=None)])))
    assert "A1 logins fell from 210 to 84 High, about 7 in 10 72 % EUR" in text


def test_rows_read_are_accounted_for() -> None:
    assert "invoices 1,234 1,230 4 amount not finite 0 0 2024-01-01 2025-12-30" in shown()


def test_findings_come_with_counts_example_and_action() -> None:
    finding = FindingTold("warning", "invoices", "amount not finite", 4, 1234, "0.3 %", "A1", "See `keepgrow validate`")
    data = replace(report().data, findings=[finding])
    text = shown(data=data)
    assert "0 errors and 1 warning" in text
    assert "warning invoices amount not finite 4 0.3 % A1 See keepgrow validate" in text
    assert "The check of the tables found nothing" in shown()


def test_the_model_and_its_baselines_stand_beside_each_other() -> None:
    text = shown()
    assert "Model Recency rule" in text
    assert ".743 .721 to .765 .576 .550 to .600" in text
    assert "Verdict: signal . 1,812 rows at 1 past date, 96 with the outcome" in text
    assert "2025-03-01 1,812 96 5.3 %" in text


def test_charts_are_drawn_in_the_page() -> None:
    page = render(report())
    titles = [
        (svg.find("{http://www.w3.org/2000/svg}title").text or "")  # type: ignore[union-attr]
        for svg in (ET.fromstring("<svg" + part.split("</svg>")[0] + "</svg>") for part in page.split("<svg")[1:])
    ]
    assert titles == [
        "churn: topics named as reasons, share of rows",
        "churn: outcomes found by calling from the top",
        "churn: predicted beside observed",
        "churn: what the model looks at",
        "churn: base rate over time",
    ]


def test_a_refused_target_says_why_and_has_no_list() -> None:
    refused = target(outcome="refused", reason="21 accounts left, 50 are needed.", listing=None, training=Training())
    text = shown(refused)
    assert "churn : no list ; training refused." in text
    assert "churn : No list. 21 accounts left, 50 are needed." in text


def test_a_short_history_is_said_plainly() -> None:
    untested = target(training=training(evaluation={}, curves={}, verdict="not judged"))
    text = shown(untested)
    assert "The history is too short for a test date: nobody knows yet how good this model is." in text
    assert "Not tested out of time:" in text


def test_one_test_date_is_not_called_many() -> None:
    part = training().evaluation["pooled"]
    two = {"folds": [{"as_of": day, **part} for day in ("2025-05-08", "2025-08-07")], "pooled": part}
    assert "The only test date, with 95 % intervals." in shown()
    assert "All test dates together, with 95 % intervals." in shown(target(training=training(evaluation=two)))


def test_the_rule_is_called_a_rule() -> None:
    text = shown(target(outcome="rule", listing=listing(recipe="recency")))
    assert "The list is ranked by a rule, and not by a model: how long ago the account last bought" in text
    assert "a rule, not a model" in text


def test_a_list_without_rows_says_so() -> None:
    nobody = listing(top=[], topics=[], worth=0.0, counts={"scored": 3, "listed": 0, "not_worth_it": 3, "excluded": {}})
    text = shown(target(listing=nobody))
    assert "0 to call, worth EUR 0" in text
    assert "Nobody is to be called today." in text


def test_a_model_without_notes_says_so() -> None:
    text = shown(target(training=Training(absent="The model was trained before notes were kept.")))
    assert "The model was trained before notes were kept." in text
    assert "<svg" not in render(report(target(training=Training(), listing=listing(topics=[]))))


@pytest.mark.parametrize(
    ("changed", "level", "text"),
    [
        ({"listing": listing(shown=False, held="churn stays rolled back")}, "stop", "Readers do not see this list"),
        ({"listing": listing(shown=False, said="an earlier day")}, "look", "Readers do not see this list: an earlier"),
        ({"listing": listing(held="churn stays rolled back")}, "look",
         "Readers are held at this list, and newer ones are kept back: churn stays rolled back."),
        ({"listing": listing(hold_ended="the hold of churn ended: why")}, "stop", "The hold of churn ended: why."),
        ({"listing": None, "no_list": "the model is damaged"}, "stop", "No list. the model is damaged"),
        ({"listing": listing(sinks=[{"sink": "csv:x", "status": "failed", "error": "full", "said": ""}])}, "stop",
         "The list was not exported to csv:x: full"),
        ({"reason": "refused anew", "training": training(decision={"promote": False, "rule": "refused", "serve":
          "champion", "reason": "", "figures": {}})}, "stop", "refused anew"),
        ({"training": training(warnings=["target 'churn': hardly any signal"])}, "look", "Hardly any signal"),
        ({"data_until": date(2025, 12, 20)}, "look", "The data end 12 days before the day of the list"),
        ({"listing": listing(counts={"listed": 0})}, "look", "Nobody is to be called"),
    ],
)  # fmt: skip
def test_what_needs_attention_stands_on_top(changed: dict[str, Any], level: str, text: str) -> None:
    (notice,) = notices(report(target(**changed)))
    assert notice.level == level
    assert notice.text.startswith(text)
    assert notices(report()) == []


def expected_notes(ratio: dict[str, float], value_ratio: dict[str, float]) -> dict[str, Any]:
    number = {"expected": 40.0, "real": 50.0, "ratio": ratio}
    value = {"expected": 9000.0, "real": 10000.0, "ratio": value_ratio}
    pooled = {"n": 100, "learnt": 0.4, "rate": {"value": 0.5}, "number": number, "value": value}
    return {"expected": {"folds": [pooled | {"as_of": "2025-03-01"}], "pooled": pooled}}


NEAR = {"value": 0.95, "low": 0.9, "high": 1.0}


@pytest.mark.parametrize(
    ("number", "value", "said"),
    [
        ({"value": 0.8, "low": 0.7, "high": 0.9}, NEAR,
         "On past dates 40 outcomes were expected and 50 came, .800 times (.700 to .900). The list's worth may be off "
         "as much."),
        (NEAR, {"value": 0.68, "low": 0.5, "high": 0.9},
         "On past dates EUR 9,000 was expected and EUR 10,000 came, .680 times (.500 to .900). The list's worth may be "
         "off as much."),
        # Off, but chance may have done it; then no interval at all; then sure, but by little.
        ({"value": 0.8, "low": 0.6, "high": 1.05}, NEAR, None),
        ({"value": 0.8}, {"value": None}, None),
        ({"value": 0.93, "low": 0.9, "high": 0.96}, NEAR, None),
    ],
)  # fmt: skip
def test_totals_that_were_off_beyond_chance_stand_on_top(
    number: dict[str, float], value: dict[str, float], said: str | None
) -> None:
    told = target(training=training(notes=expected_notes(number, value)))
    texts = [notice.text.replace("\u00a0", " ") for notice in notices(report(told))]
    assert texts == ([said] if said else [])
    by_rule = notices(report(replace(told, listing=listing(recipe="recency"))))
    assert ["ranked by a rule" in notice.text for notice in by_rule] == [True]


def test_data_of_a_week_ago_is_no_notice_and_errors_stop() -> None:
    assert notices(report(target(data_until=date(2025, 12, 25)))) == []
    broken = FindingTold("error", "invoices", "no rates", 4, None, "", "", "Add rates.")
    data = replace(report().data, findings=[broken])
    assert [notice.level for notice in notices(report(data=data))] == ["stop"]
    lossy = replace(report().data.tables[0], used=1100, rejected={"amount not finite": 134})
    (notice,) = notices(report(data=replace(report().data, tables=[lossy])))
    assert notice.text.startswith("134 of 1,234 rows of invoices were rejected")


def test_what_changed_names_new_gone_and_the_parts_of_moved_scores() -> None:
    parts = {"rewritten": 0.0, "passing_time": -0.4, "new_facts": 12.1, "new_model": 0.0}
    changes = Changes(
        run_id="churn-2025-12-25-0123456789", as_of=date(2025, 12, 25), model="keepgrow-churn version 3",
        same={"the model": True, "settings that shape lists": False}, new=[row(7)],
        gone=[Gone("A9", "Firm 9", 4, "leaving"), Gone("A8", None, 5, "scored")], up=2, down=3, stayed=4,
        movers=[Mover("A1", "Firm 1", 0.603, 0.72, 11.7, parts)],
    )  # fmt: skip
    text = shown(target(listing=listing(changes=changes)))
    assert "the model: unchanged settings that shape lists: changed" in text
    assert "1 new, 2 left the list, 2 moved up, 3 moved down, 4 in place" in text
    assert "Firm 7 A7 , rank 7" in text
    assert "Firm 9 A9 , was rank 4: is leaving now A8, was rank 5: over capacity, or not worth a call" in text
    assert "Firm 1 A1 60.3 % 72.0 % +11.7 +12.1 -0.4 0.0 0.0" in text


def test_movers_that_cannot_be_taken_apart_say_why_and_a_first_list_compares_with_nothing() -> None:
    changes = Changes("r", date(2025, 12, 25), "m", {}, [], [], 0, 0, 0, movers_said="the model is gone")
    assert "Why scores moved is not shown: the model is gone" in shown(target(listing=listing(changes=changes)))
    assert "This is the first list of churn" in shown()


def test_it_names_the_commands_that_do_it_again() -> None:
    text = shown()
    assert "keepgrow run --config '/srv/keep grow/demo.toml' --as-of 2026-01-01" in text
    assert "keepgrow rebuild churn-2026-01-01-9f2c04d1e7 --config" in text
    assert "keepgrow explain A1 --config" in text
    assert "abababababab" in text


def test_an_account_s_id_stays_one_word_of_the_command() -> None:
    assert "keepgrow explain 'A 1 $(x)' --config" in shown(target(listing=listing(top=[row(account_id="A 1 $(x)")])))


def test_a_dry_run_says_so() -> None:
    text = shown(target(listing=listing(shown=False)), dry_run=True)
    assert "dry run : nothing was published" in text
    assert "a rehearsal, not published" in text
    assert "keepgrow rebuild" not in text


def test_any_text_stays_text() -> None:
    hostile = target(
        words={"cohort": EVIL, "label": EVIL, "value": EVIL}, reason=EVIL, no_list=EVIL,
        training=training(warnings=[EVIL], importance=[(EVIL, 1.0)], verdict=EVIL),
        listing=listing(
            top=[row(name=EVIL, account_id=EVIL, band=EVIL, reasons=[("raises", EVIL)], change=EVIL)],
            topics=[(EVIL, 1.0)], held=EVIL, counts={"listed": 1, "scored": 1, "excluded": {EVIL: 1}},
            changes=Changes(EVIL, date(2025, 12, 25), EVIL, {EVIL: True}, [row(2, name=EVIL)],
                            [Gone(EVIL, EVIL, 1, EVIL)], 0, 0, 0),
        ),
    )  # fmt: skip
    finding = FindingTold("warning", EVIL, EVIL, 1, 1, EVIL, EVIL, f"`{EVIL}`")
    data = replace(report().data, findings=[finding])
    page = render(report(hostile, data=data, name=EVIL, config=EVIL, left_out={EVIL: EVIL}))
    assert "<script" not in page
    assert "script" not in Reader(page).tags
    assert EVIL in Reader(page).text


def test_targets_named_with_dashes_and_underscores_have_anchors_of_their_own() -> None:
    read = Reader(render(report(target(name="churn-big"), target(name="churn_big"))))
    assert {"target-churn-big", "target-churn_big"} <= set(read.ids)
    assert len(read.ids) == len(set(read.ids))
    assert {link.removeprefix("#") for link in read.links} <= set(read.ids)


def test_the_page_needs_nothing_but_itself_and_is_the_same_each_time() -> None:
    page = render(report())
    assert page.startswith("<!doctype html>")
    assert '<html lang="en">' in page
    assert all(link.startswith("#") for link in Reader(page).links)
    assert not {"link", "img", "iframe", "script"} & set(Reader(page).tags)
    assert "url(" not in page
    assert page == render(report())


def test_reasons_in_danish_are_marked_as_danish() -> None:
    assert '<ul class="why" lang="da">' in render(report(language="da"))
    assert 'lang="da"' not in render(report())


def test_figures_are_written_for_people() -> None:
    assert [percent(0.384), percent(0.0384), percent(0.0999), percent(0), percent(None)] == [
        "38\u00a0%", "3.8\u00a0%", "10\u00a0%", "0\u00a0%", "–",
    ]  # fmt: skip
    assert [money(1234567.8, "EUR"), money(float("nan"), "EUR")] == ["EUR\u00a01,234,568", "–"]
    assert [figure(0.7431), figure(2.345), figure(None)] == [".743", "2.35", "–"]
    assert [interval(ends(0, -0.012, 0.03), signed=True), interval(ends(0)), interval(None)] == [
        "-.012 to +.030",
        "",
        "",
    ]
    assert [points(3.14), points(-0.04), points(None)] == ["+3.1", "0.0", "–"]
    assert [many(1, "error"), many(1200, "error")] == ["1 error", "1,200 errors"]
    assert ticks("run `keepgrow <x>`") == "run <code>keepgrow &lt;x&gt;</code>"
