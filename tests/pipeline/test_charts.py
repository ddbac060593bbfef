"""Charts: where things lie on the paper, what is left out, and that they can be read."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from datetime import date

import pytest

from pipeline.charts import Series, bars, lines
from pipeline.charts.linechart import apart
from pipeline.charts.paper import DARK, LIGHT, TEXT
from pipeline.charts.scale import day_scale, day_words, percent_words, plain_words, round_step, value_scale

SVG = "{http://www.w3.org/2000/svg}"


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in parsed(svg).iter(f"{SVG}text")]


def test_ticks_are_round() -> None:
    scale = value_scale([0.031, 0.128], 100, 0, percent=True, zero=True)
    assert scale.ticks == (0, 0.05, 0.1, 0.15000000000000002)
    assert scale.words == ("0 %", "5 %", "10 %", "15 %")
    # .031 lies 20.67 % of the way from 0 to .15.
    assert scale.at(0.031) == pytest.approx(79.33, abs=0.01)


@pytest.mark.parametrize(("span", "step"), [(0.83, 0.2), (130, 50), (5, 1), (1, 0.2), (9e6, 2e6), (0.004, 0.001)])
def test_steps_are_1_2_or_5_times_a_power_of_ten(span: float, step: float) -> None:
    assert round_step(span) == step


def test_numbers_are_written_as_exactly_as_their_steps_need() -> None:
    assert [plain_words(step)(1250) for step in (500, 1, 0.1)] == ["1,250", "1,250", "1,250.0"]
    assert [percent_words(step)(0.25) for step in (0.1, 0.005)] == ["25 %", "25.0 %"]


def test_one_value_gets_room_around_it() -> None:
    assert (value_scale([7], 0, 1).low, value_scale([7], 0, 1).high) == (6.4, 7.6000000000000005)
    assert (value_scale([0], 0, 1, zero=True).low, value_scale([0], 0, 1, zero=True).high) == (0, 1)


def test_dates_get_the_first_days_of_months() -> None:
    scale = day_scale([date(2024, 11, 12).toordinal(), date(2025, 9, 3).toordinal()], 0, 295)
    assert scale.words == ("Jan 2025", "Mar 2025", "May 2025", "Jul 2025", "Sep 2025")
    # 295 days on 295 pixels: 1 January is 50 days after 12 November.
    assert scale.at(scale.ticks[0]) == 50


def test_dates_of_many_years_get_years_and_of_few_days_days() -> None:
    years = day_scale([date(2015, 6, 1).toordinal(), date(2025, 6, 1).toordinal()], 0, 1)
    assert years.words == ("2016", "2018", "2020", "2022", "2024")
    week = day_scale([date(2025, 3, 30).toordinal(), date(2025, 4, 2).toordinal()], 0, 1)
    assert week.words == ("30 Mar", "31 Mar", "01 Apr", "02 Apr")
    one = day_scale([date(2025, 3, 30).toordinal()], 0, 1)
    assert one.at(date(2025, 3, 30).toordinal()) == 0.5
    assert day_words(date(2025, 3, 30).toordinal()) == "2025-03-30"


def test_a_line_joins_its_points_where_the_scales_put_them() -> None:
    svg = lines([Series("", [0, 1, 2], [0, 10, 5])], title="T", x="weeks", y="calls")
    (path,) = [element.get("points") for element in parsed(svg).iter(f"{SVG}polyline")]
    # The paper is 600 wide; numbers of two letters take 34.4 on the left, and 28 stay free on the right. Ticks go
    # from 0 (at 280) to 10 (at 62).
    assert path == "34.4,280.0 303.2,62.0 572.0,171.0"


def test_a_value_that_is_not_known_breaks_the_line() -> None:
    y = [1, 2, None, 3, math.nan, math.inf, 4, 5]
    svg = lines([Series("a", list(range(8)), y)], title="T", x="", y="")  # type: ignore[arg-type]
    joined = [len((element.get("points") or "").split()) for element in parsed(svg).iter(f"{SVG}polyline")]
    assert joined == [2, 2]
    # A disc for each of the five known values, and one before the name.
    assert svg.count("<circle") == 6
    assert "nan" not in svg
    assert "inf" not in svg


def test_few_points_have_whiskers_and_many_a_band() -> None:
    few = lines([Series("a", [1, 2], [5, 6], [4, None], [7, 8])], title="T", x="", y="")  # type: ignore[list-item]
    assert "<polygon" not in few
    assert "a: 5 at 1 (95 % interval 4 to 7)" in few
    assert "a: 6 at 2</title>" in few
    count = 30
    many = Series("a", list(range(count)), [5] * count, [4] * count, [6] * count)
    (band,) = parsed(lines([many], title="T", x="", y="")).iter(f"{SVG}polygon")
    assert len((band.get("points") or "").split()) == 60


def test_series_differ_by_pattern_and_marker_too() -> None:
    series = [Series(name, [0, 1], [place, place + 1]) for place, name in enumerate("abc")]
    svg = lines(series, title="T", x="", y="")
    drawn = [element.get("stroke-dasharray") for element in parsed(svg).iter(f"{SVG}polyline")]
    assert drawn == [None, "7 4", "2 4"]
    # Two points each and the sign before the name, on one rectangle of paper.
    assert (svg.count("<circle"), svg.count("<rect"), svg.count("<path")) == (3, 4, 3)
    (dashed,) = parsed(lines([Series("a", [0, 1], [0, 1], dashed=True)], title="T", x="", y="")).iter(f"{SVG}polyline")
    assert dashed.get("stroke-dasharray") == "7 4"


def test_names_stand_where_their_lines_end_but_not_on_each_other() -> None:
    assert apart([100, 101, 300], 60, 280) == [100, 117, 280]
    assert apart([270, 279], 60, 280) == [263, 280]
    assert apart([117, 100], 60, 280) == [117, 100]
    assert apart([20], 60, 280) == [60]


def test_a_diagonal_gives_both_axes_the_same_ends_and_is_named() -> None:
    svg = lines([Series("model", [0.1, 0.2], [0.1, 0.38])], title="T", x="said", y="seen", percent=True,
                diagonal="as said")  # fmt: skip
    assert texts(svg).count("40 %") == 2
    assert "as said" in texts(svg)


def test_bars_begin_at_zero_and_end_at_their_values() -> None:
    svg = bars(["use", "pay"], [0.3, 0.15], title="T", percent=True)
    drawn = list(parsed(svg).iter(f"{SVG}rect"))[1:]
    # The labels take 41.6; the numbers, with what stands free beside them, 52.8; and the axis ends at 30 %.
    assert [(bar.get("x"), bar.get("width")) for bar in drawn] == [("41.6", "505.6"), ("41.6", "252.8")]
    assert [words for words in texts(svg) if "%" in words] == ["30 %", "15 %"]


def test_bars_of_losses_go_to_the_left_of_zero() -> None:
    svg = bars(["up", "down"], [10, -10], title="T", unit="EUR")
    up, down = list(parsed(svg).iter(f"{SVG}rect"))[1:]
    assert float(down.get("x") or 0) + float(down.get("width") or 0) == pytest.approx(float(up.get("x") or 0), abs=0.11)
    assert "-10 EUR" in texts(svg)


def test_bars_leave_out_what_is_not_known_and_draw_intervals() -> None:
    svg = bars(["a", "b", "c"], [1, None, 3], title="T", low=[0.5, 0, None], high=[1.5, 1, 4])  # type: ignore[list-item]
    assert texts(svg) == ["T", "a", "1", "c", "3"]
    # One interval of three strokes, and the line at zero.
    assert svg.count("<line") == 4


@pytest.mark.parametrize(
    "svg",
    [
        lines([], title="T", x="", y=""),
        lines([Series("a", [], [])], title="T", x="", y=""),
        lines([Series("a", [1], [math.nan])], title="T", x="", y="", days=True),
        bars([], [], title="T"),
        bars(["a"], [None], title="T"),  # type: ignore[list-item]
    ],
)
def test_nothing_to_draw_is_said(svg: str) -> None:
    assert texts(svg) == ["T", "no data"]


def test_parts_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="argument"):
        lines([Series("a", [1, 2], [1])], title="T", x="", y="")
    with pytest.raises(ValueError, match="argument"):
        bars(["a"], [1, 2], title="T")


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a \"quoted\" & 'other'", "null\x00 and \x0b", "\ud800"])
def test_any_text_stays_text(name: str) -> None:
    for svg in (
        lines([Series(name, [1, 2], [1, 2])], title=name, x=name, y=name),
        bars([name], [1], title=name, unit=name),
    ):
        assert "<script" not in svg
        assert list(parsed(svg).iter(f"{SVG}script")) == []


def test_long_names_are_cut_where_they_are_drawn_and_whole_where_they_are_pointed_at() -> None:
    svg = bars(["a name of more than thirty letters in all"], [1], title="T")
    assert "a name of more than thirty le…" in texts(svg)
    assert "a name of more than thirty letters in all: 1" in svg


def test_a_chart_is_named_stands_alone_and_is_the_same_each_time() -> None:
    def draw() -> str:
        return lines([Series("a", [1, 2], [1, 2])], title="Base rate", x="", y="")

    root = parsed(draw())
    assert (root.tag, root.get("role"), root.get("aria-label")) == (f"{SVG}svg", "img", "Base rate")
    assert root[0].text == "Base rate"
    # Without ids, several on a page cannot clash.
    assert all(element.get("id") is None for element in root.iter())
    assert "http" not in draw().replace("http://www.w3.org/2000/svg", "")
    assert draw() == draw()


def brightness(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_text_is_large_and_stands_out(colours: dict[str, str]) -> None:
    paper = brightness(colours["paper"])
    for role in ("ink", "soft", "0", "1", "2", "3", "4", "5"):
        low, high = sorted((paper, brightness(colours[role])))
        assert (high + 0.05) / (low + 0.05) >= 4.5, role
    assert TEXT >= 12
