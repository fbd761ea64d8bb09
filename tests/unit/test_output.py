"""Answers in four forms: aligned tables, stable JSON, safe CSV, bare ids."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from datetime import datetime
from pathlib import Path

import pytest
import wcwidth

from svcctl.views import output, tables
from svcctl.views.language import set_language
from svcctl.views.output import Column, Format, page
from svcctl.views.render import render
from svcctl.views.tables import table

MACHINE: tuple[Format, ...] = ("json", "csv", "ids")
COLUMNS = (
    Column("id", "Ticket"),
    Column("state", "State", show="word"),
    Column("customer.name", "Customer"),
    Column("subject", "Subject"),
    Column("due", "Due", show="time"),
    Column("amount", "Amount", align="right"),
)
ITEMS: list[dict[str, object]] = [
    {
        "id": "SHA-261116-01X",
        "state": "dispatched",
        "customer": {"name": "客户甲"},
        "subject": "不制冷 \x1b[31m\u202eliated",
        "due": "2026-11-16T09:00:00+08:00",
        "amount": "100000.01",
    },
    {"id": "SHA-261116-02Y", "state": "new", "subject": "=1+1", "due": None, "amount": "007"},
]


def test_a_table_aligns_chinese_text_in_terminal_columns() -> None:
    lines = render("ticket", ITEMS, COLUMNS, "table").splitlines()
    header, first = lines[0], lines[2]
    assert _column_of(header, "Subject") == _column_of(first, "不制冷")
    assert _column_of(header, "Due") == _column_of(first, "2026-11-16 09:00")


def _column_of(line: str, part: str) -> int:
    return int(wcwidth.wcswidth(line[: line.index(part)]))


def test_a_table_leaves_digits_as_they_are_written() -> None:
    text = render("ticket", ITEMS, COLUMNS, "table")
    assert "100000.01" in text
    assert "      007" in text


def test_a_table_shows_hostile_text_as_escapes() -> None:
    text = render("ticket", ITEMS, COLUMNS, "table")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\x1b[31m\\u202eliated" in text


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_a_table_fits_the_terminal_and_keeps_short_columns_whole(width: int) -> None:
    item = {**ITEMS[0], "subject": "空调外机异响并且不制冷" * 20}
    columns = (COLUMNS[0], COLUMNS[3])
    lines = render("ticket", [item], columns, "table", terminal_width=width).splitlines()
    assert all(wcwidth.wcswidth(line) <= width for line in lines)
    assert "SHA-261116-01X" in lines[2]
    assert lines[2].endswith("…")


def test_ids_words_and_times_stay_whole_on_the_narrowest_terminal() -> None:
    text = render("ticket", ITEMS, COLUMNS, "table", terminal_width=20)
    for whole in ("SHA-261116-01X", "dispatched", "11-16 09:00"):
        assert whole in text
    assert "liated" not in text


def test_times_have_their_year_where_the_terminal_is_wide_enough() -> None:
    wide = render("ticket", ITEMS, COLUMNS, "table", terminal_width=200)
    assert "2026-11-16 09:00" in wide
    assert "2026-11-16 09:00" not in render("ticket", ITEMS, COLUMNS, "table", terminal_width=50)


def test_columns_that_can_be_spared_go_one_by_one_until_a_table_fits() -> None:
    item = {"a": "1234567890", "b": "1234567890", "c": "1234567890"}
    columns = (
        Column("a", "first"),
        Column("b", "second", show="word", spare=1),
        Column("c", "third", show="word", spare=2),
    )

    def titles(width: int) -> list[str]:
        return render("x", [item], columns, "table", terminal_width=width).split("\n")[0].split()

    assert titles(34) == ["first", "second", "third"]
    assert titles(33) == ["first", "second"]
    assert titles(21) == ["first"]
    assert titles(4) == ["first"]


def test_a_list_and_a_mapping_are_shown_in_one_harmless_cell() -> None:
    item = {"a": ["甲", "\x1b"], "b": {"k\x1b": True, "n": None}}
    text = render("x", [item], (Column("a", "A"), Column("b", "B")), "table")
    assert text.splitlines()[2] == "甲, \\x1b  k\\x1b=yes, n="


def test_a_table_has_no_width_limit_where_there_is_no_terminal() -> None:
    subject = "空调" * 200
    assert subject in render("ticket", [{"id": "1", "subject": subject}], COLUMNS, "table")


def test_a_column_never_gets_wider_than_its_own_limit() -> None:
    text = render("x", [{"a": "不制冷不制冷"}], (Column("a", "A", width=7),), "table")
    assert text.splitlines()[2] == "不制冷…"


def test_an_empty_table_prints_nothing() -> None:
    assert render("ticket", [], COLUMNS, "table") == ""


def test_stored_words_are_translated_in_tables_only() -> None:
    set_language("zh_CN")
    table = render("ticket", ITEMS, COLUMNS, "table")
    assert "dispatched" not in table
    assert "已派工" in table
    for fmt in MACHINE[:2]:
        assert "dispatched" in render("ticket", ITEMS, COLUMNS, fmt)


def test_machine_output_is_the_same_in_both_languages() -> None:
    shown = {}
    for lang in ("en", "zh_CN"):
        set_language(lang)
        shown[lang] = [
            render("ticket", ITEMS, COLUMNS, fmt, as_of="2026-11-16T09:00:00+08:00")
            for fmt in MACHINE
        ]
    assert shown["en"] == shown["zh_CN"]


def test_json_has_the_promised_envelope_and_loses_nothing() -> None:
    text = render("ticket", ITEMS, COLUMNS, "json", as_of="2026-11-16T09:00:00+08:00")
    answer = json.loads(text)
    assert list(answer) == ["svcctl", "kind", "as_of", "items", "problems"]
    assert answer["svcctl"] == 1
    assert answer["kind"] == "ticket"
    assert answer["items"] == ITEMS
    assert "客户甲" in text
    assert "\u202e" not in text


def test_json_writes_instants_with_their_offset() -> None:
    item = {"due": datetime.fromisoformat("2026-11-16T09:00:00+08:00")}
    answer = json.loads(render("ticket", [item], COLUMNS, "json"))
    assert answer["items"][0]["due"] == "2026-11-16T09:00:00+08:00"


def test_csv_is_rfc_4180_and_no_cell_is_a_formula() -> None:
    text = render("ticket", ITEMS, COLUMNS, "csv")
    assert text.count("\r\n") == 3
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == ["id", "state", "customer.name", "subject", "due", "amount"]
    assert rows[2][3] == "'=1+1"
    assert rows[1][4] == "2026-11-16T09:00:00+08:00"


def test_csv_keeps_numbers_as_numbers() -> None:
    assert render("x", [{"a": -5}], (Column("a", "A"),), "csv") == "a\r\n-5\r\n"


def test_ids_are_one_a_line_from_the_key_that_was_asked_for() -> None:
    assert render("ticket", ITEMS, COLUMNS, "ids") == "SHA-261116-01X\nSHA-261116-02Y\n"
    assert render("callback", [{"ticket": "T"}], COLUMNS, "ids", id_key="ticket") == "T\n"


def _pager(folder: Path) -> tuple[str, Path]:
    received = folder / "received"
    program = folder / "pager"
    program.write_text(f'#!/bin/sh\ncat > "{received}"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program), received


def test_the_pager_gets_what_does_not_fit(tmp_path: Path) -> None:
    program, received = _pager(tmp_path)
    assert page("客户\n" * 50, 24, program)
    assert received.read_text(encoding="utf-8") == "客户\n" * 50


def test_the_pager_gets_what_comes_later_and_may_end_before_it(tmp_path: Path) -> None:
    program, received = _pager(tmp_path)
    assert page("客户\n" * 50, 24, program, iter(["甲\n", "乙\n"]))
    assert received.read_text(encoding="utf-8") == "客户\n" * 50 + "甲\n乙\n"
    assert page("a\n" * 50, 24, "true", iter(["b\n" * 1_000_000]))


@pytest.mark.parametrize("width", [None, 30, 50, 200])
def test_a_table_in_parts_is_the_table_at_once(
    monkeypatch: pytest.MonkeyPatch, width: int | None
) -> None:
    """Every column is widest in another part, and what nothing stands in goes."""
    columns = (
        Column("id", "id"),
        Column("name", "客户", width=12),
        Column("at", "when", show="time"),
        Column("late", "late", align="right", show="minutes"),
        Column("more", "more", spare=1),
        Column("rest", "rest", spare=2),
    )
    long = {"name": "春晓幼儿园和小学 A", "at": "2026-11-16T09:00:00+08:00", "late": 99999}
    items = [{"id": f"SHA-{n}", "name": "甲", "at": "", "late": 5, "more": "x"} for n in range(9)]
    for place, (key, value) in enumerate(long.items()):
        items[2 * place + 1][key] = value
    at_once = table(items, columns, width)
    assert len(at_once.splitlines()) == 2 + len(items)
    for many in (1, 2, 4, 8, 9):
        monkeypatch.setattr(tables, "AT_ONCE", many)
        monkeypatch.setattr(output, "MOST_KEPT", 40 * many)
        assert "".join(tables.parts(iter(items), columns, width)) == at_once


def test_what_is_kept_is_read_again_from_memory_and_from_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for most in (0, 5, 1000):
        monkeypatch.setattr(output, "MOST_KEPT", most)
        with output.Kept() as kept:
            for text in ("客户\n", "", "甲", "乙\r\n", "\n"):
                kept.put(text)
            for _ in range(2):
                assert "".join(kept.pieces()) == "客户\n甲乙\r\n\n"
                assert list(kept.lines()) == ["客户", "甲乙\r", ""]


def test_no_pager_where_the_answer_fits_or_none_is_wanted_or_found(tmp_path: Path) -> None:
    program, received = _pager(tmp_path)
    assert not page("a\n" * 5, 24, program)
    assert not page("a\n" * 50, 24, "")
    assert not page("a\n" * 50, 24, "cat")
    assert not page("a\n" * 50, 24, os.path.join(tmp_path, "nothing-here"))
    assert not page("a\n" * 50, 24, "'unclosed")
    assert not received.exists()


def test_colour_only_where_it_is_on() -> None:
    assert output.paint("a", "red", False) == "a"
    assert output.paint("a", "red", True) == "\x1b[31ma\x1b[0m"


def test_a_telephone_number_is_left_out_or_whole_never_cut() -> None:
    columns = [
        Column("id", "id"),
        Column("phone", "phone", show="phone", spare=1),
        Column("subject", "subject"),
    ]
    item = {"id": "SHA-261116-02G", "phone": "02155500102", "subject": "不制冷，有异响" * 4}
    for width in range(30, 90):
        text = table([item], columns, width)
        assert "02155500102" in text or "phone" not in text, width
