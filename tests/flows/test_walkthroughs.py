"""The README's ways from a firm's own files to a published list, taken as they stand there, with nothing edited."""

from __future__ import annotations

import re
import shlex

import pandas as pd


def commands(root, name: str) -> list[list[str]]:
    readme = (root / "README.md").read_text(encoding="utf-8")
    block = re.search(rf"```sh\n# walk: {name}\n(.*?)```", readme, flags=re.S).group(1)
    return [shlex.split(line)[1:] for line in block.splitlines()]


def walk(arguments: list[list[str]], folder, inside) -> list[str]:
    """Take every command as a shell in `folder` would; return what each printed."""
    said = []
    for each in arguments:
        seen = [[str(path) for path in sorted(folder.glob(word))] if "*" in word else [word] for word in each]
        result = inside(*(word for words in seen for word in words))
        assert result.code == 0, (each, result.err)
        said.append(result.out + result.err)
    return said


def test_online_retail(root, invoice_lines, tmp_path, monkeypatch, inside):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/invoice_lines.parquet").symlink_to(invoice_lines)
    monkeypatch.chdir(tmp_path)
    shown = commands(root, "online_retail")
    assert [each[0] for each in shown] == ["init", "run", "show"]
    walk(shown, tmp_path, inside)
    for target in ("churn", "upsell"):
        listed = pd.read_csv(tmp_path / f"lists/{target}.csv")
        assert (listed["section"] == "call").sum() == 25
        assert listed["reasons"].notna().all()
    assert (tmp_path / "lists/keepgrow.xlsx").exists()


def test_ravenstack(root, ravenstack, tmp_path, monkeypatch, inside):
    (tmp_path / "data").symlink_to(ravenstack, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    shown = commands(root, "ravenstack")
    assert [each[0] for each in shown] == ["init", "validate", "run", "show"]
    _, validated, ran, _ = walk(shown, tmp_path, inside)
    for share in ("76.6 %", "53.8 %"):
        assert share in validated
    assert re.search(r"train +churn: rule\. Not enough data to rank", ran)
    assert "artifacts:" not in ran  # no progress bars of MLflow's
    assert (pd.read_csv(tmp_path / "lists/upsell.csv")["section"] == "call").sum() == 25
