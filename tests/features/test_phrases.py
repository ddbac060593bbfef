from __future__ import annotations

import math
import re
from typing import Any

import pytest

from features.accounts import attributes
from features.catalogue import FEATURES, facts_for
from features.phrases import Shown, tell
from features.words import LANGUAGES

BY_NAME = {feature.name: feature for feature in FEATURES}


def said(name: str, language: str = "en", **values: Any) -> str:
    return tell(BY_NAME[name], values, "EUR", language).text


@pytest.mark.parametrize(
    ("name", "value", "phrase", "danish"),
    [
        ("invoices_90d", 3.0, "3 invoices in the last 90 days", "3 fakturaer de seneste 90 dage"),
        ("invoices_90d", 1.0, "1 invoice in the last 90 days", "1 faktura de seneste 90 dage"),
        ("invoices_90d", 0.0, "0 invoices in the last 90 days", "0 fakturaer de seneste 90 dage"),
        ("purchase_days_all", 21.0, "21 purchase days in all", "21 købsdage i alt"),
        ("open_amount", 1240.0, "EUR 1,240 invoiced and not paid yet", "EUR 1.240 faktureret og endnu ikke betalt"),
        ("open_amount", 12.5, "EUR 12.50 invoiced and not paid yet", "EUR 12,50 faktureret og endnu ikke betalt"),
        ("spend_30d", -1240.4, "net spend of -EUR 1,240 in the last 30 days",
         "nettokøb for -EUR 1.240 de seneste 30 dage"),
        ("spend_30d", -0.001, "net spend of EUR 0 in the last 30 days", "nettokøb for EUR 0 de seneste 30 dage"),
        ("days_since_purchase", 78.0, "78 days since the last purchase", "78 dage siden seneste køb"),
        ("days_since_purchase", math.nan, "no purchases on record", "ingen køb registreret"),
        ("days_since_usage", math.nan, "no use on record", "ingen brug registreret"),
        ("share_paid_late_90d", 0.25, "25 % of the paid invoices issued in the last 90 days were paid late",
         "25 % af de betalte fakturaer udstedt de seneste 90 dage blev betalt for sent"),
        ("days_paid_late_mean_365d", -3.0,
         "the paid invoices issued in the last 365 days were paid 3 days before the due date on average",
         "de betalte fakturaer udstedt de seneste 365 dage blev betalt 3 dage før forfald i gennemsnit"),
        ("days_paid_late_mean_365d", 1.04,
         "the paid invoices issued in the last 365 days were paid 1 day after the due date on average",
         "de betalte fakturaer udstedt de seneste 365 dage blev betalt 1 dag efter forfald i gennemsnit"),
        ("days_paid_late_mean_365d", -0.04,
         "the paid invoices issued in the last 365 days were paid on the due date on average",
         "de betalte fakturaer udstedt de seneste 365 dage blev betalt på forfaldsdagen i gennemsnit"),
        ("share_paid_late_all", 0.0, "0 % of all paid invoices were paid late",
         "0 % af alle betalte fakturaer blev betalt for sent"),
        ("share_paid_late_all", None, "no paid invoice with a due date", "ingen betalt faktura med forfaldsdato"),
        ("purchase_gap_mean", 29.54, "29.5 days between purchases on average", "29,5 dage mellem køb i gennemsnit"),
        ("spend_per_month", 1000.0, "net spend of EUR 1,000 a month on average",
         "nettokøb for EUR 1.000 om måneden i gennemsnit"),
        ("usage_30d", 12345.6, "12,346 units of use in the last 30 days", "12.346 brugsenheder de seneste 30 dage"),
        ("ticket_share_90d", 0.375, "38 % of the interactions in the last 90 days were tickets",
         "38 % af aktiviteterne de seneste 90 dage var supportsager"),
        ("nps_last", None, "no NPS answer on record", "intet NPS-svar registreret"),
        ("top_contact_share_365d", 1.0,
         "100 % of the interactions with a named contact in the last 365 days were with the most frequent one",
         "100 % af aktiviteterne med en navngivet kontaktperson de seneste 365 dage var med den hyppigste"),
        ("top_product_share_365d", 0.6,
         "60 % of the purchases with a named product in the last 365 days were of the largest one",
         "60 % af købene med et navngivet produkt de seneste 365 dage var af det største"),
        ("contacts_90d", 1.0, "1 contact in the last 90 days", "1 kontaktperson de seneste 90 dage"),
        ("contacts_90d", 2.0, "2 different contacts in the last 90 days",
         "2 forskellige kontaktpersoner de seneste 90 dage"),
        ("products_bought_90d", 1.0, "1 product bought in the last 90 days", "1 produkt købt de seneste 90 dage"),
        ("products_bought_90d", 0.0, "0 different products bought in the last 90 days",
         "0 forskellige produkter købt de seneste 90 dage"),
        ("spend_per_month", None, "no net spend on record", "intet nettokøb registreret"),
        ("interactions_per_month", None, "no interactions on record", "ingen aktiviteter registreret"),
        ("spend_per_day_90d", None, "no purchase days on record in the last 90 days",
         "ingen købsdage registreret de seneste 90 dage"),
        ("spend_per_day_all", None, "no purchase days on record", "ingen købsdage registreret"),
        ("nps_mean_365d", 9.0, "a mean NPS score of 9 in the last 365 days",
         "en NPS-score på 9 i gennemsnit de seneste 365 dage"),
        ("auto_renew_share", None, "automatic renewal: not known", "automatisk fornyelse: ukendt"),
        ("mrr_per_seat", None, "seats: not known", "licenser: ukendt"),
        ("spend_30d", math.nan, "net spend in the last 30 days: not known", "nettokøb de seneste 30 dage: ukendt"),
    ],
)  # fmt: skip
def test_a_figure_is_said_by_its_unit(name: str, value: float | None, phrase: str, danish: str) -> None:
    assert said(name, "en", **{name: value}) == phrase
    assert said(name, "da", **{name: value}) == danish


@pytest.mark.parametrize(
    ("name", "values", "phrase", "danish"),
    [
        ("logins_change_90d", {"logins_90d": 84.0, "logins_90d_before": 210.0},
         "logins fell from 210 to 84, last 90 days against the 90 before",
         "logins faldt fra 210 til 84, seneste 90 dage mod de 90 før"),
        ("logins_change_30d", {"logins_30d": 3.0, "logins_30d_before": 0.0},
         "logins rose from 0 to 3, last 30 days against the 30 before",
         "logins steg fra 0 til 3, seneste 30 dage mod de 30 før"),
        ("logins_change_30d", {"logins_30d": 3.0, "logins_30d_before": 3.0},
         "logins stayed at 3, last 30 days against the 30 before",
         "logins lå stille på 3, seneste 30 dage mod de 30 før"),
        ("logins_change_30d", {"logins_30d": 3.0, "logins_30d_before": math.nan},
         "logins, last 30 days against the 30 before: not known",
         "logins, seneste 30 dage mod de 30 før: ukendt"),
        ("spend_decayed_30d", {"spend_60d": 900.0, "spend_60d_before": 1800.0},
         "net spend fell from EUR 1,800 to EUR 900, last 60 days against the 60 before",
         "nettokøb faldt fra EUR 1.800 til EUR 900, seneste 60 dage mod de 60 før"),
        ("spend_over_usual_60d", {"spend_60d": 300.0, "spend_usual_60d": 900.0},
         "net spend: EUR 300 in the last 60 days, against EUR 900 in 60 days on average",
         "nettokøb: EUR 300 de seneste 60 dage, mod EUR 900 på 60 dage i gennemsnit"),
        ("spend_over_usual_60d", {"spend_over_usual_60d": 0.6, "spend_60d": 1000.0, "spend_usual_60d": math.nan},
         "net spend, last 60 days against the average: not known",
         "nettokøb, seneste 60 dage mod gennemsnittet: ukendt"),
        ("credited_share_90d", {"credited_90d": 250.0, "purchases_90d": 100.0},
         "credit notes of EUR 250 against purchases of EUR 100 in the last 90 days",
         "kreditnotaer for EUR 250 mod køb for EUR 100 de seneste 90 dage"),
        ("mrr_change_90d", {"mrr": 600.0, "mrr_90d_before": 900.0},
         "MRR fell from EUR 900 to EUR 600, compared with 90 days ago",
         "MRR faldt fra EUR 900 til EUR 600, i dag sammenlignet med for 90 dage siden"),
        ("overdue_amount", {"overdue_amount": 1240.0, "days_overdue": 34.0},
         "EUR 1,240 overdue, the oldest for 34 days", "EUR 1.240 forfaldent, det ældste for 34 dage siden"),
        ("overdue_rows", {"overdue_rows": 1.0, "days_overdue": 1.0},
         "1 invoice row overdue, the oldest for 1 day", "1 fakturalinje forfalden, den ældste for 1 dag siden"),
        ("overdue_amount", {"overdue_amount": 0.0, "days_overdue": math.nan}, "nothing overdue", "intet forfaldent"),
        ("days_since_purchase_over_gap", {"days_since_purchase": 78.0, "purchase_gap_mean": 26.0},
         "78 days since the last purchase, against 26 days between them on average",
         "78 dage siden seneste køb, mod 26 dage imellem dem i gennemsnit"),
        ("nps_last_change", {"nps_last": 6.0, "nps_last_before": 9.0},
         "the NPS score fell from 9 to 6, last answer against the one before",
         "NPS-scoren faldt fra 9 til 6, seneste svar mod det forrige"),
    ],
)  # fmt: skip
def test_what_moved_is_told_by_both_figures(name: str, values: dict[str, float], phrase: str, danish: str) -> None:
    assert said(name, "en", **values) == phrase
    assert said(name, "da", **values) == danish


def test_every_figure_in_a_text_is_handed_over_with_its_value() -> None:
    told = tell(BY_NAME["logins_change_90d"], {"logins_90d": 84.0, "logins_90d_before": 210.0}, "EUR")
    assert told.figures == (Shown("logins_90d", 84.0, "84"), Shown("logins_90d_before", 210.0, "210"))
    assert told.against == -126.0
    unknown = tell(BY_NAME["nps_last"], {"nps_last": None}, "EUR", "da")
    assert (unknown.known, unknown.figures) == (False, (Shown("nps_last", None, "intet NPS-svar registreret"),))


def test_an_attribute_is_said_as_it_is_under_its_own_name() -> None:
    (size,) = attributes(("size_class",))
    for language in LANGUAGES:
        assert tell(size, {"size_class": "large"}, "EUR", language).text == "size class: large"
    assert tell(size, {}, "EUR", "da").text == "size class: ukendt"
    assert tell(attributes(("a{b",))[0], {"a{b": "large {x}"}, "EUR").text == "a b: large {x}"


FACTS = facts_for(FEATURES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, 2.5, 1234.56, 1e9, math.nan])
def test_every_feature_can_be_said_in_every_language(value: float, language: str) -> None:
    values = {part.name: value for part in (*FEATURES, *FACTS)}
    for feature in FEATURES:
        told = tell(feature, values, "EUR", language)
        assert told.text == " ".join(told.text.split()) != ""
        assert not re.search(r"[{}|]|\bnan\b|because|fordi", told.text, re.IGNORECASE)
        assert all(shown.shown in told.text for shown in told.figures)
        declared = feature.words.told(language) + feature.unknown.told(language)
        assert numbers(told.text) <= {number for shown in told.figures for number in numbers(shown.shown)} | numbers(
            declared
        )


def numbers(text: str) -> set[str]:
    return {*re.findall(r"\d+(?:[.,]\d+)*", text)}


def test_no_phrase_was_left_in_the_other_language() -> None:
    same = {feature.name for feature in FEATURES if feature.words.en == feature.words.da}
    same |= {feature.name for feature in FEATURES if feature.unknown.en == feature.unknown.da}
    assert not same


def test_facts_need_no_column_that_their_feature_does_not_need() -> None:
    for feature in FEATURES:
        for fact in feature.facts:
            assert {*fact.measure.reads} <= {*feature.reads}, feature.name


def test_a_fact_is_the_same_figure_wherever_it_is_named() -> None:
    own = {feature.name: (feature.measure, feature.unit) for feature in FEATURES}
    for feature in FEATURES:
        for fact in feature.facts:
            assert own.setdefault(fact.name, (fact.measure, fact.unit)) == (fact.measure, fact.unit), fact.name
