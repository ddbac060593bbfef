"""An account beside its peers: the mean over the others of its group, the same in one bucket and in many."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from features.built import References, build_to_disk
from features.catalogue import features_for
from features.computing.reference import Reference
from features.engine import build_features, peers_in, tally_peers
from pipeline.errors import SettingsError
from pipeline.settings import AccountSettings, Settings, parse
from pipeline.snapshot import Snapshot, take_snapshot

JULY = date(2024, 7, 1)
CHANGE = "spend_change_90d_against_peers"
PEERS = [f"p{number:02}" for number in range(21)]


def invoices(peers: list[str] = PEERS, more: tuple[str, ...] = ()) -> list[str]:
    """Account a spends 100 and then 150; each peer 100 and then 80. The table begins long before."""
    rows = ["a,2023-01-02,1", "a,2024-02-01,100", "a,2024-06-01,150"]
    rows += [line for peer in peers for line in (f"{peer},2024-02-01,100", f"{peer},2024-06-01,80")]
    return [*rows, *more]


def firm(
    folder: Path, lines: list[str], buckets: int = 1, segments: dict[str, str] | None = None, known: bool = False
) -> tuple[Snapshot, Settings]:
    heading = "account_id,issued_at,amount" + (",known_at" if known else "")
    (folder / "invoices.csv").write_text("\n".join([heading, *lines]) + "\n")
    tables = {"invoices": [{"source": "invoices.csv"}]}
    accounts = {"peers": "all"}
    if segments is not None:
        said = [f"{account},{segment}" for account, segment in segments.items()]
        (folder / "accounts.csv").write_text("\n".join(["account_id,segment", *said]) + "\n")
        tables["accounts"] = [{"source": "accounts.csv"}]
        accounts = {"features": ["segment"], "constant": ["segment"], "peers": "segment"}
    data = {"name": "firm", "folder": folder, "tables": tables, "accounts": accounts, "engine": {"buckets": buckets}}
    settings = parse(Settings, data, "firm.toml")
    return take_snapshot(settings, date(2024, 9, 1)), settings


def figure(snapshot: Snapshot, settings: Settings, folder: Path, account: str = "a", name: str = CHANGE) -> float:
    features = features_for(snapshot.columns, settings.accounts)
    frame = build_to_disk(snapshot, [JULY], features, folder / "features").read(JULY)
    return frame.set_index("account_id").loc[account, name]


def test_an_account_grew_by_half_while_its_peers_shrank_by_a_fifth(tmp_path):
    assert figure(*firm(tmp_path, invoices()), tmp_path) == pytest.approx(0.5 + 0.2)


def test_an_account_is_none_of_its_own_peers(tmp_path):
    # The others of p00: 20 that shrank by a fifth and a, which grew by half.
    assert figure(*firm(tmp_path, invoices()), tmp_path, "p00") == pytest.approx(-0.2 - (20 * -0.2 + 0.5) / 21)


def test_one_that_began_from_next_to_nothing_counts_as_thrice_as_large_and_no_more(tmp_path):
    wild = ("q,2024-02-01,1", "q,2024-06-01,1000")
    assert figure(*firm(tmp_path, invoices(more=wild)), tmp_path) == pytest.approx(0.5 - (21 * -0.2 + 2) / 22)


def test_peers_are_those_of_the_segment_where_they_are_twenty_and_else_the_whole_book(tmp_path):
    others = [f"q{number:02}" for number in range(19)]
    lines = [*invoices(), *(line for q in others for line in (f"{q},2024-02-01,100", f"{q},2024-06-01,10"))]
    segments = {"a": "retail"} | dict.fromkeys(PEERS, "retail") | dict.fromkeys(others, "trade")
    taken = firm(tmp_path, lines, segments=segments)
    assert figure(*taken, tmp_path) == pytest.approx(0.5 + 0.2)
    book = (18 * -0.9 + 21 * -0.2 + 0.5) / 40  # of the trade there are but 18 others
    assert figure(*taken, tmp_path, "q00") == pytest.approx(-0.9 - book)


def test_fewer_than_twenty_others_are_no_peers(tmp_path):
    snapshot, settings = firm(tmp_path, invoices(PEERS[:19]))
    assert figure(snapshot, settings, tmp_path) != figure(snapshot, settings, tmp_path)


def test_what_a_peer_did_counts_from_when_it_was_known(tmp_path):
    lines = [f"{line},{line.split(',')[1]} 12:00:00" for line in invoices()]
    late = ("p00,2024-06-02,1000,2024-07-01 08:00:00", "p01,2024-06-02,20,2024-06-30 08:00:00")
    found = figure(*firm(tmp_path, [*lines, *late], known=True), tmp_path)
    assert found == pytest.approx(0.5 - (20 * -0.2 + 0.0) / 21)


@pytest.mark.parametrize("buckets", [3, 7])
def test_the_same_to_the_bit_from_any_number_of_buckets(tmp_path, buckets):
    segments = {"a": "retail"} | {peer: "retail" if number % 2 else "trade" for number, peer in enumerate(PEERS)}
    frames = []
    for count in (1, buckets):
        room = tmp_path / str(count)
        room.mkdir()
        snapshot, settings = firm(room, invoices(), buckets=count, segments=segments)
        assert snapshot.buckets == count
        features = features_for(snapshot.columns, settings.accounts)
        frames.append(build_to_disk(snapshot, [JULY], features, room / "features").read(JULY))
    assert frames[0][CHANGE].notna().sum() == 22
    assert frames[0].equals(frames[1])


def test_a_peers_new_row_is_a_reason_to_compute_what_looks_at_peers_and_nothing_else(tmp_path):
    snapshot, settings = firm(tmp_path, invoices(), buckets=3)
    features = features_for(snapshot.columns, settings.accounts)
    build_to_disk(snapshot, [JULY], features, tmp_path / "features")
    # An account of one bucket buys once more; the others' own features stay.
    snapshot, settings = firm(tmp_path, invoices(more=("p03,2024-06-20,40",)), buckets=3)
    again = build_to_disk(snapshot, [JULY], features, tmp_path / "features")
    # Nobody spent in the 180 days before the last 180, so that of three tables one says what it said before.
    assert len([feature for feature in features if feature.family == "peers"]) == 3
    assert again.computed == len(features) + 2 * 2
    assert again.read(JULY).set_index("account_id").loc["a", CHANGE] == pytest.approx(0.5 - (20 * -0.2 + 0.2) / 21)


@pytest.mark.parametrize("damage", ["", "{", '{"key": 1}', "[]"])
def test_a_damaged_table_is_summed_up_again(tmp_path, damage):
    snapshot, settings = firm(tmp_path, invoices(), buckets=3)
    before = figure(snapshot, settings, tmp_path)
    (file,) = (tmp_path / "features").rglob("peers.json")
    file.write_text(damage)
    assert figure(snapshot, settings, tmp_path) == before


def test_features_of_one_account_alone_need_the_books_table(tmp_path):
    snapshot, settings = firm(tmp_path, invoices())
    features = features_for(snapshot.columns, settings.accounts)
    alone = snapshot.history_of(["a"])
    with pytest.raises(ValueError, match="no reference table of 2024-07-01"):
        build_features(alone, [JULY], features)
    told = References.of(snapshot, features, tmp_path / "features").at([JULY])
    assert build_features(alone, [JULY], features, told)[CHANGE][0] == figure(snapshot, settings, tmp_path)


def test_tables_of_two_parts_of_the_book_add_up(tmp_path):
    snapshot, settings = firm(tmp_path, invoices(), buckets=2)
    means = peers_in(features_for(snapshot.columns, settings.accounts))
    parts = [tally_peers(snapshot.history(bucket), [JULY], means)[JULY] for bucket in range(2)]
    whole = tally_peers(snapshot.history_of(["a", *PEERS]), [JULY], means)[JULY]
    assert parts[0].plus(parts[1]).digest == parts[1].plus(parts[0]).digest == whole.digest
    assert Reference.of_plain(whole.plain()) == whole
    key = repr(next(mean for mean in means if mean.high == 2.0))
    assert whole.sums[key] == {"": (21 * -2_000 + 5_000, 22)}


def test_without_peers_in_the_config_nobody_has_any():
    names = {"invoices": ("account_id", "issued_at", "amount")}
    assert not any(feature.family == "peers" for feature in features_for(names, AccountSettings()))


def test_peers_by_an_attribute_that_is_no_feature_are_refused():
    names = {"accounts": ("account_id", "segment", "industry"), "invoices": ("account_id", "issued_at", "amount")}
    settings = AccountSettings(features=("segment",), constant=("segment",), peers="segmnt")
    with pytest.raises(SettingsError, match=r"peers names 'segmnt'.*did you mean 'segment'.*\"all\""):
        features_for(names, settings)


def test_accounts_that_nothing_but_the_accounts_table_names_count_among_the_peers_at_once(tmp_path):
    segments = {"a": "retail"} | dict.fromkeys(PEERS, "retail")
    size = "spend_365d_over_peers"
    assert figure(*firm(tmp_path, invoices(), segments=segments), tmp_path, name=size) == pytest.approx(250 / 180)
    more = segments | {f"new{number:02}": "retail" for number in range(21)}
    fresh = figure(*firm(tmp_path, invoices(), segments=more), tmp_path, name=size)
    assert fresh == pytest.approx(250 / 90)
