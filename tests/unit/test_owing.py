"""``svcctl ticket list --owing``: what is owed is found without a due time, and after closing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import made_ledgers as made
import pytest

from svcctl.domain.checks.examples.sound import TICKET, TICKET_ID, Told, ticket, told

Run = Callable[..., Any]

CLOSED_UNPAID: Sequence[Told] = (
    told("16T09:00", "desk1", "opened"),
    told("16T09:02", "eng1", "contacted", result="reached"),
    told("16T09:10", "mgr1", "reviewed", cover="paid", over="1SHA"),
    told("16T09:12", "desk1", "accepted", amount="120.00", over="3SHA"),
    told("16T10:00", "desk1", "finished", result="by-phone", over="4SHA"),
    told("17T10:00", "desk1", "called-back", result="reached", working="yes"),
    told("17T10:10", "desk1", "closed", over="5SHA"),
)
PAID = told("19T09:00", "desk1", "paid", amount="120.00")
NOW = "2026-11-20T12:00:00+08:00"


@pytest.fixture
def owing(ledger: Path, svcctl: Run) -> Callable[..., list[str]]:
    def ask(*words: str, now: str = NOW) -> list[str]:
        ran = svcctl("ticket", "list", *words, "-o", "json", cwd=ledger, now=now)
        assert ran.code == 0, ran.err
        return [item["id"] for item in json.loads(ran.out)["items"]]

    return ask


def test_money_of_a_closed_ticket_is_listed_until_it_is_in(
    ledger: Path, owing: Callable[..., list[str]]
) -> None:
    (ledger / TICKET).write_bytes(ticket(*CLOSED_UNPAID))
    assert owing() == []
    assert owing("--owing", "payment") == [TICKET_ID]
    assert owing("--owing", "reply") == []
    (ledger / TICKET).write_bytes(ticket(*CLOSED_UNPAID, PAID))
    assert owing("--owing", "payment") == []
    assert owing("--owing", "payment", "--as-of", "2026-11-18") == [TICKET_ID]
    assert owing("--owing", "payment", "--as-of", "2026-11-16T09:30") == []


def test_a_second_pause_for_the_same_is_told_and_another_is_not(
    tmp_path: Path, svcctl: Run
) -> None:
    root = made.copy(tmp_path / "at-work")

    def told_besides(*words: str) -> str:
        ran = svcctl("ticket", *words, "--by", "desk1", cwd=root, now="2026-11-20T15:00:00+08:00")
        assert ran.code == 0, ran.err
        return str(ran.err)

    pause = ("pause", "03E", "--reason", "出差", "--for")
    assert "waits for" not in told_besides(*pause, "customer", "--at", "2026-11-16 11:00")
    assert "waits for" not in told_besides(*pause, "parts", "--at", "2026-11-16 11:30")
    assert "waits for customer since 2SHA already" in told_besides(*pause, "customer")
    # What is written down later may have been before.
    early = told_besides(*pause, "customer", "--at", "2026-11-16 10:00")
    assert "waits for" not in early
    told_besides("resume", "03E")
    assert "waits for" not in told_besides(*pause, "customer")


def test_what_is_owed_is_named_as_it_is_shown_and_narrowed_by_the_other_choices(
    ledger: Path, owing: Callable[..., list[str]], svcctl: Run
) -> None:
    (ledger / TICKET).write_bytes(ticket(*CLOSED_UNPAID[:5]))
    assert owing("--owing", "收款", "--state", "finished") == [TICKET_ID]
    assert owing("--owing", "payment", "--kind", "inquiry") == []
    assert owing("--owing", "callback the day after") == [TICKET_ID]
    ran = svcctl("ticket", "list", "--owing", "paymant", cwd=ledger, now=NOW)
    assert ran.code == 2
    assert "did you mean payment?" in ran.err
