"""What `keepgrow validate` shows: how many rows break a rule, and of how many."""

from __future__ import annotations

import json


def test_findings_show_count_and_share(tiny, inside, tmp_path):
    lines = tiny.lines()
    tiny.write([*lines, "A001,soon,5.0"])
    done = inside("validate", "--config", tiny.config, "--json", tmp_path / "found.json")
    assert done.code == 0, done.err
    assert f"1 of {len(lines):,} (< 0.1 %)" in done.out
    (finding,) = [row for row in json.loads((tmp_path / "found.json").read_text())["findings"] if row["count"] == 1]
    assert (finding["rule"], finding["of"], finding["share"]) == ("issued_at unreadable", len(lines), "< 0.1 %")
    assert finding["level"] == "warning"
