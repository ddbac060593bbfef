"""Staged rows: the SQL that leads from a mapped source to typed rows, each with the rule that rejects it, if any."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.cells import Cell
from pipeline.mapping import Mapped
from pipeline.sources import literal, quoted
from pipeline.tables import LARGEST, SCALE, Column, Table, known_column
from pipeline.texts.in_sql import READ_TEXT, shown_cell

NO_RATE = "currency without a rate"
"""The rule that rejects money which cannot be converted; it always stops a run."""

UNKNOWN_AT = "known_at missing"
"""The note on a row without the known_at that other rows of its table have."""

MERGED = "merged into an account with a row of its own"
"""The rule that rejects the attributes of an account that was merged into another."""

_NULL = {
    "id": "CAST(NULL AS VARCHAR)",
    "text": "CAST(NULL AS VARCHAR)",
    "time": "CAST(NULL AS TIMESTAMP)",
    "money": "CAST(NULL AS DOUBLE)",
    "number": "CAST(NULL AS DOUBLE)",
    "flag": "CAST(NULL AS BOOLEAN)",
}


@dataclass(frozen=True)
class Staged:
    """A contract table in DuckDB, under the name `staged_<table>`.

    Its columns: the contract columns that are mapped (of texts that columns are `read_from` only whether there is one:
    '' or null), those columns, a `<name>__known` per late one, and `known_at` where the contract has it. Beside them
    `_rule`, the rule that rejects the row, or null; `_cell`, the text it was rejected for; `_notes`, what was blanked
    in it ("ended_at open,..."), or null; `_old_id`, the account's id before links; `_digest`, 128 bits of what the row
    says; `_source`, the position of its mapping.
    """

    contract: Table
    mapped: tuple[Mapped, ...]
    rows_in: int = 0
    left_out: int = 0

    @property
    def name(self) -> str:
        return f"staged_{self.contract.name}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The contract columns that any source maps, in the contract's order, then further attributes."""
        present = {name for each in self.mapped for name in each.cells}
        present |= {column.name for column in self.contract.columns if column.read_from in present}
        ordered = tuple(name for name in self.contract.by_name if name in present)
        return (*ordered, *sorted(present - set(ordered)))

    @property
    def read_from(self) -> dict[str, list[str]]:
        """The columns that are made of a text, by the column that has it."""
        made: dict[str, list[str]] = {}
        for name in self.columns:
            column = self.contract.by_name.get(name)
            if column is not None and column.read_from is not None:
                made.setdefault(column.read_from, []).append(name)
        return made

    @property
    def excluded(self) -> frozenset[str]:
        """Attributes mapped with role = "exclude"."""
        return frozenset(name for each in self.mapped for name in each.excluded)

    @property
    def late(self) -> tuple[Column, ...]:
        return tuple(c for name in self.columns if (c := self.contract.by_name.get(name)) is not None and c.late)

    @property
    def of_today(self) -> bool:
        """Whether this is a snapshot of today's accounts, which the past must not see."""
        return self.contract.name == "accounts" and "known_at" not in self.columns

    @property
    def stored(self) -> tuple[str, ...]:
        """The columns that a bucket's file has: what is mapped, and when it became known."""
        known = ("known_at",) if "known_at" in self.contract.by_name and not self.of_today else ()
        left = {"known_at", *(column.name for column in self.contract.columns if not column.stored)}
        own = (name for name in self.columns if name not in left)
        return (*own, *(known_column(column.name) for column in self.late), *known)

    @property
    def key(self) -> tuple[str, ...] | None:
        return self.contract.key_among(set(self.columns))

    @property
    def used(self) -> str:
        """The SQL of the rows that no rule rejects, exact repeats dropped where a mapping says so."""
        kept = f"SELECT * FROM {self.name} WHERE _rule IS NULL"
        drops = [str(position) for position, each in enumerate(self.mapped) if each.drop_repeats]
        if not drops or self.key is not None:
            return kept
        first = "row_number() OVER (PARTITION BY _source, _digest) = 1"
        return f"{kept} QUALIFY _source NOT IN ({', '.join(drops)}) OR {first}"

    def kind(self, name: str) -> str:
        return self.contract.by_name[name].kind if name in self.contract.by_name else "text"

    def scaled(self) -> tuple[str, ...]:
        """The columns held as whole ten-thousandths; rates keep all their digits."""
        if self.contract.name == "rates":
            return ()
        return tuple(name for name in self.columns if self.kind(name) in ("money", "number"))


def staging_query(staged: Staged, position: int, currency: str, linked: bool, rates: bool) -> str:
    """Return the query that stages the rows of one mapping.

    `currency` is the reporting currency; `linked` says that the table `links` exists, `rates` that `staged_rates` does.
    """
    mapped = staged.mapped[position]
    steps = [mapped.query.tables, f"typed AS (SELECT {_typed(staged, mapped, position)} FROM mapped AS m)"]
    last = "typed"
    if "account_id" in staged.columns:
        steps.append(f"linked AS ({_linked(staged, last, linked)})")
        last = "linked"
    if "currency" in staged.columns and staged.contract.name != "rates":
        steps.append(f"converted AS ({_converted(staged, last, currency, rates)})")
        last = "converted"
    for text, made in staged.read_from.items():
        steps += [f"heard AS ({_heard(last, text)})", f"told AS ({_told('heard', made)})"]
        last = "told"
    replaced = [f"{_judged(staged)} AS _rule"]
    # What a row says has its texts in it as well, though they end here.
    replaced += [f"CASE WHEN {quoted(text)} IS NOT NULL THEN '' END AS {quoted(text)}" for text in staged.read_from]
    replaced += [f"{_ten_thousandths(name)} AS {quoted(name)}" for name in staged.scaled()]
    digest = f"md5_number({_content(staged)}) AS _digest"
    return f"WITH {', '.join(steps)} SELECT * REPLACE ({', '.join(replaced)}), {digest} FROM {last}"


def _typed(staged: Staged, mapped: Mapped, position: int) -> str:
    contract = staged.contract
    parts = [
        f"{_value(staged, mapped.cells.get(name), name)} AS {quoted(name)}"
        for name in staged.columns
        if name != "known_at"
    ]
    parts += [f"{mapped.known(column)} AS {quoted(known_column(column.name))}" for column in staged.late]
    if "known_at" in contract.by_name:
        known = _NULL["time"] if staged.of_today else mapped.known_at(contract)
        parts.append(f"{known} AS known_at")
    rule, cell = _problems(staged, mapped)
    return ", ".join(
        [
            *parts,
            f"{rule} AS _rule",
            f"{cell} AS _cell",
            f"{_notes(staged, mapped)} AS _notes",
            f"{position} AS _source",
        ]
    )


def _value(staged: Staged, cell: Cell | None, name: str) -> str:
    if cell is None:
        return _NULL[staged.kind(name)]
    if cell.problem is not None and _blanked(staged, name):
        return f"CASE WHEN ({cell.problem}) IS NULL THEN {cell.value} END"
    return cell.value


def _blanked(staged: Staged, name: str) -> bool:
    """Whether a bad cell is blanked instead of rejecting its row: an account exists, whatever its attributes say."""
    return staged.contract.name == "accounts" and name not in staged.contract.required


def _problems(staged: Staged, mapped: Mapped) -> tuple[str, str]:
    """Return the SQL of the rule that rejects a row for one of its cells, and of that cell's text."""
    rules, cells = [], []
    for name, cell in mapped.cells.items():
        if cell.problem is not None and not _blanked(staged, name):
            wrong = f"WHEN ({cell.problem}) IS NOT NULL THEN"
            rules.append(f"{wrong} {literal(name + ' ')} || ({cell.problem})")
            cells.append(f"{wrong} left({shown_cell(cell.text)}, 60)")
        if name in staged.contract.required:
            rules.append(f"WHEN ({cell.value}) IS NULL THEN {literal(name + ' missing')}")
    return _case(rules), _case(cells)


def _notes(staged: Staged, mapped: Mapped) -> str:
    """Return the SQL of what was blanked in a row, comma-separated."""
    parts = []
    for name, cell in mapped.cells.items():
        if cell.open is not None:
            parts.append(f"CASE WHEN {cell.open} THEN {literal(name + ' open')} END")
        if cell.problem is not None and _blanked(staged, name):
            parts.append(f"{literal(name + ' ')} || ({cell.problem})")
    if "known_at" in staged.columns and staged.contract.occurred is not None:
        known = mapped.cells.get("known_at")
        unknown = literal(UNKNOWN_AT)
        parts.append(unknown if known is None else f"CASE WHEN ({known.value}) IS NULL THEN {unknown} END")
    return f"nullif(concat_ws(',', {', '.join(parts)}), '')" if parts else _NULL["text"]


def _case(branches: Iterable[str]) -> str:
    branches = list(branches)
    return f"CASE {' '.join(branches)} END" if branches else _NULL["text"]


def _linked(staged: Staged, rows: str, linked: bool) -> str:
    """Return the rows with every account id replaced by the one that carries on."""
    if not linked:
        return f"SELECT *, account_id AS _old_id FROM {rows}"
    joins, replaced = "", []
    for name in ("account_id", "parent_id"):
        if name in staged.columns:
            joins += f" LEFT JOIN links AS {name}_link ON t.{name} = {name}_link.old_id"
            replaced.append(f"coalesce({name}_link.new_id, t.{name}) AS {name}")
    return f"SELECT t.* REPLACE ({', '.join(replaced)}), t.account_id AS _old_id FROM {rows} AS t{joins}"


def _converted(staged: Staged, rows: str, currency: str, rates: bool) -> str:
    """Return the rows with money in the reporting currency, by the latest rate of the row's day or before."""
    ours = literal(currency.upper())
    code = f"coalesce(upper(t.currency), {ours})"
    factor, join = f"CASE WHEN {code} = {ours} THEN 1.0 END", ""
    if rates:
        # Two rates of one day are reported; the choice between them must not depend on the order of the rows.
        listed = (
            "(SELECT upper(currency) AS code, rate_on, max(rate) AS rate FROM staged_rates "
            "WHERE _rule IS NULL GROUP BY ALL)"
        )
        day = f"t.{quoted(staged.contract.occurred or '')}"
        join = f" ASOF LEFT JOIN {listed} AS r ON {code} = r.code AND {day} >= r.rate_on"
        factor = f"CASE WHEN {code} = {ours} THEN 1.0 ELSE r.rate END"
    without = f"t._rule IS NULL AND {factor} IS NULL"
    replaced = [
        f"{code} AS currency",
        f"CASE WHEN {without} THEN {literal(NO_RATE)} ELSE t._rule END AS _rule",
        f"CASE WHEN {without} THEN {code} ELSE t._cell END AS _cell",
    ]
    money = [name for name in staged.columns if staged.kind(name) == "money"]
    replaced += [f"t.{quoted(name)} * {factor} AS {quoted(name)}" for name in money]
    return f"SELECT t.* REPLACE ({', '.join(replaced)}) FROM {rows} AS t{join}"


def _heard(rows: str, text: str) -> str:
    return f"SELECT *, CASE WHEN {quoted(text)} IS NOT NULL THEN {READ_TEXT}({quoted(text)}) END AS _read FROM {rows}"


def _told(rows: str, made: list[str]) -> str:
    """Return the rows with the columns that are made of a text."""
    values = ", ".join(f"_read.{quoted(name)} AS {quoted(name)}" for name in made)
    return f"SELECT * EXCLUDE (_read) REPLACE ({values}) FROM {rows}"


def _judged(staged: Staged) -> str:
    """Return the SQL of the rule, those added that look at more than one cell."""
    columns = set(staged.columns)
    rules = ["WHEN _rule IS NOT NULL THEN _rule"]
    if {"started_at", "ended_at"} <= columns:
        rules.append("WHEN ended_at < started_at THEN 'ended_at before started_at'")
    if {"from", "until"} <= columns:
        rules.append("WHEN until < \"from\" THEN 'until before from'")
    if "rate" in columns:
        rules.append("WHEN rate <= 0 THEN 'rate not positive'")
    if {"old_id", "new_id"} <= columns:
        rules.append("WHEN old_id = new_id THEN 'account linked to itself'")
    rules += [f"WHEN abs({quoted(name)}) > {LARGEST} THEN {literal(name + ' too large')}" for name in staged.scaled()]
    return _case(rules)


def _ten_thousandths(name: str) -> str:
    return f"TRY_CAST(round({quoted(name)} * {SCALE}) AS BIGINT)"


def _content(staged: Staged) -> str:
    """Return the SQL of a text of everything a row says, its columns always in the same order."""
    scaled, parts = staged.scaled(), []
    known = ("known_at",) if "known_at" in staged.contract.by_name and "known_at" not in staged.columns else ()
    names = (*staged.columns, *(known_column(column.name) for column in staged.late), *known)
    for name in sorted(names):
        text = _ten_thousandths(name) if name in scaled else quoted(name)
        if name.endswith("__known") or name == "known_at" or staged.kind(name) == "time":
            text = f"epoch_us({quoted(name)})"
        parts.append(f"coalesce(CAST({text} AS VARCHAR), chr(1))")
    return f"concat_ws(chr(31), {', '.join(parts)})"
