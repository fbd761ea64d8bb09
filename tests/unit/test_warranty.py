"""Who decides whether a repair is free of charge sees until when the unit is under warranty."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import made_ledgers as made
import pytest
from made_ledgers import CUSTOMER, UNIT, sure

from svcctl.desk.warranty import warranty_until
from svcctl.domain.cards import UNIT as KIND
from svcctl.domain.cards import Card

NEW = ("ticket", "new", "--kind", "repair", "--customer", CUSTOMER, "--channel", "phone")


@pytest.mark.parametrize(
    ("fields", "until"),
    [
        ({"installed": "2026-05-01", "warranty": "24mo"}, date(2028, 5, 1)),
        ({"sold": "2024-02-29", "warranty": "1y"}, date(2025, 2, 28)),
        ({"installed": "2026-05-01", "sold": "2026-01-01", "warranty": "90d"}, date(2026, 7, 30)),
        ({"installed": "2026-05-01"}, None),
        ({"warranty": "2y"}, None),
    ],
)
def test_it_runs_from_the_installation_else_from_the_sale(
    fields: dict[str, str], until: date | None
) -> None:
    assert warranty_until(Card(KIND, UNIT, fields, {})) == until


@pytest.mark.parametrize(
    ("length", "shown", "cover", "doubt"),
    [
        ("24mo", "until 2028-05-01", "paid", "charged for, but {unit} is under warranty"),
        ("24mo", "until 2028-05-01", "free", ""),
        ("1mo", "ended on 2026-06-01", "free", "the warranty of {unit} ended on 2026-06-01"),
        ("1mo", "ended on 2026-06-01", "paid", ""),
    ],
)
def test_a_ticket_shows_it_and_a_review_that_sees_it_otherwise_is_doubted(
    tmp_path: Path, length: str, shown: str, cover: str, doubt: str
) -> None:
    root = made.copy(tmp_path / "ledger")
    sure(root, "unit", "set", UNIT, "--installed", "2026-05-01", "--warranty", length)
    sure(root, *NEW, "--unit", UNIT, "--subject", "异响")
    ticket = sure(root, "find", "异响", "-o", "ids").out.split()[0]
    assert f"warranty: {shown}\n" in sure(root, "ticket", "show", ticket).out
    ran = sure(root, "ticket", "review", ticket, "--cover", cover, "--by", "mgr1")
    assert doubt.format(unit=UNIT) in ran.err
    assert ("warranty" in ran.err) == bool(doubt)
