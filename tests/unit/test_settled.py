"""What is settled is packed by ticket; what is searched for over all tickets keeps a row of its own."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import made_ledgers as made
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_ledgers import CLOSED

from svcctl.domain.times import epoch_and_offset, text_at
from svcctl.ledger.numbering import PLACES
from svcctl.ledger.rows import EXCUSED, LATE, MET, MISSED, UNDECIDED, WAIVED, parted
from svcctl.ledger.settled import PACKED, unpacked

DUE, VERDICT = PACKED.index("due"), PACKED.index("verdict")


def row(verdict: int, due: int | None) -> tuple[object, ...]:
    values: list[object] = [None] * len(PACKED)
    values[DUE], values[VERDICT] = due, verdict
    return (*values, 0, 0)


def test_every_row_is_in_one_place_and_keeps_its_number() -> None:
    verdicts = (MET, UNDECIDED, WAIVED, LATE, EXCUSED, MISSED)
    rows = [row(verdict, 100 + n) for n, verdict in enumerate(verdicts)]
    listed, settled = parted(7, rows)
    assert [one[0] for one in listed] == [(7 << PLACES) + n for n in (1, 3, 5)]
    assert [one[1:] for one in listed] == [rows[n] for n in (1, 3, 5)]
    assert settled is not None
    assert settled[:4] == (7, 3, 100, 104)
    assert isinstance(settled[4], bytes)
    kept = dict(unpacked(settled[4]))
    assert kept == {n: rows[n][: len(PACKED)] for n in (0, 2, 4)}


def test_a_ticket_on_which_nothing_is_settled_has_no_row_for_it() -> None:
    assert parted(1, [row(UNDECIDED, 5)])[1] is None
    assert parted(1, []) == ([], None)


def test_what_has_no_due_time_has_no_part_in_the_span() -> None:
    settled = parted(1, [row(MET, None)])[1]
    assert settled is not None
    assert settled[:4] == (1, 1, None, None)


@given(st.integers(0, 2**20), st.integers(1, 255))
def test_a_damaged_value_is_an_error_of_the_database(place: int, change: int) -> None:
    settled = parted(1, [row(MET, 5), row(WAIVED, 9)])[1]
    assert settled is not None
    assert isinstance(settled[4], bytes)
    value = bytearray(settled[4])
    value[place % len(value)] ^= change
    with pytest.raises(sqlite3.DatabaseError):
        list(unpacked(bytes(value)))


def test_so_is_one_that_is_cut_short() -> None:
    for value in (b"", b"[", bytes(4) + b"N"):
        with pytest.raises(sqlite3.DatabaseError):
            list(unpacked(value))


@given(
    st.datetimes(datetime(1901, 1, 1), datetime(2999, 12, 30)),
    st.integers(-50_400, 50_400) | st.sampled_from([28_800, 0, 29_143]),
)
def test_an_instant_from_seconds_is_written_as_it_was(wall: datetime, offset: int) -> None:
    instant = wall.replace(microsecond=0, tzinfo=timezone(timedelta(seconds=offset)))
    assert text_at(*epoch_and_offset(instant)) == instant.isoformat()


def test_an_obligation_reads_alike_from_the_index_and_from_the_file(tmp_path: Path) -> None:
    root = made.copy(tmp_path / "ledger")
    items = json.loads(made.sure(root, "ticket", "list", "--all", "-o", "json").out)["items"]
    shown = json.loads(made.sure(root, "ticket", "show", CLOSED, "-o", "json").out)["items"][0]
    (listed,) = [item for item in items if item["id"] == CLOSED]
    assert listed["obligations"] == shown["obligations"]
    assert {one["state"] for one in listed["obligations"]} & {"met", "waived", "excused"}
    (index,) = (root / ".git/svcctl").glob("index-*.sqlite3")
    with closing(sqlite3.connect(index)) as connection:
        assert connection.execute("select sum(many) from settled").fetchone()[0] > 0
