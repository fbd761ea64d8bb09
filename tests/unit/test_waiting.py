"""Who waits for another command's lock looks again ever more seldom, and is told whom it waits for."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from svcctl.desk import playing
from svcctl.domain.problems import Busy, Message
from svcctl.ledger import database, posix
from svcctl.ledger.database import PATIENCE
from svcctl.ledger.folder import Ledger
from svcctl.ledger.index import Index, open_index
from svcctl.ledger.waiting import MOST, TELL_AFTER, Waiting


class Hours:
    """A clock that goes on only while somebody sleeps, and what was told at which second."""

    def __init__(self, wake: Callable[[float], None] = lambda now: None) -> None:
        self.now = 100.0
        self.pauses: list[float] = []
        self.told: list[tuple[float, Message]] = []
        self.wake = wake

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
        self.wake(self.now)

    def waiting(self, command: str = "") -> Waiting:
        return Waiting(
            lambda message: self.told.append((self.now, message)),
            command,
            lambda: self.now,
            self.sleep,
        )


def in_the_way(held: Path, command: str, act: Callable[[], None]) -> None:
    """Do ``act`` while another thread holds the lock for ``command``."""
    there, go = threading.Event(), threading.Event()

    def hold() -> None:
        with posix.lock(held, waiting=Waiting(command=command)):
            there.set()
            go.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    there.wait()
    try:
        act()
    finally:
        go.set()
        thread.join()


def test_the_pauses_grow_to_a_tenth_of_a_second_and_end_with_the_patience(tmp_path: Path) -> None:
    hours = Hours()

    def wait() -> None:
        with pytest.raises(Busy), posix.lock(tmp_path / "lock", 120.0, hours.waiting()):
            pass

    in_the_way(tmp_path / "lock", "", wait)
    assert hours.now == pytest.approx(220.0)
    assert hours.pauses[0] < 0.003
    assert max(hours.pauses) <= MOST
    assert len(set(hours.pauses[20:])) > 100, "those who wait must not all look at once"
    assert len(hours.pauses) < 2600, "120 s at 50 ms at least, once the pauses have grown"


def test_after_a_second_it_is_told_once_who_is_waited_for(tmp_path: Path) -> None:
    hours = Hours()

    def wait() -> None:
        with pytest.raises(Busy) as stopped, posix.lock(tmp_path / "lock", 5.0, hours.waiting()):
            pass
        assert stopped.value.message.args["command"] == "ticket new"
        assert stopped.value.remedy is not None
        assert "half written" in stopped.value.remedy.template

    in_the_way(tmp_path / "lock", "ticket new", wait)
    ((moment, message),) = hours.told
    assert TELL_AFTER <= moment - 100 <= TELL_AFTER + MOST
    assert message.args["command"] == "ticket new"
    assert "Ctrl-C is safe" in message.template


def test_who_waits_less_than_a_second_is_told_nothing(tmp_path: Path) -> None:
    held = tmp_path / "lock"
    hours = Hours()
    first = posix.lock(held)
    first.__enter__()

    def wake(now: float) -> None:
        if now > 100.5 and hours.wake is wake:
            hours.wake = lambda now: None
            first.__exit__(None, None, None)

    hours.wake = wake
    with posix.lock(held, 60.0, hours.waiting()):
        assert hours.now < 101
    assert hours.told == []


def test_the_note_in_the_lock_is_shown_only_where_it_is_a_command(tmp_path: Path) -> None:
    for noted, args in (
        (b"77 slip print\n", {"pid": "77", "command": "slip print"}),
        (b"77                 \n", {"pid": "77"}),
        (b"77 \x1b[2Jgone\n", {"pid": "77"}),
        (b"\xff\xfe", {}),
        (b"", {}),
    ):
        (tmp_path / "lock").write_bytes(noted)
        found = posix._held(tmp_path / "lock", posix.HELD).args
        assert {**found} == {"path": str(tmp_path / "lock"), **args}


def test_a_command_tells_on_stderr_whom_it_waits_for(
    svcctl: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in ("init . --desk SHA", "staff new li --name 李娜 --role manager", "me li"):
        assert svcctl(*words.split()).code == 0
    hours = Hours()
    kept = Waiting.__init__.__defaults__
    assert kept is not None
    monkeypatch.setattr(
        Waiting.__init__, "__defaults__", (*kept[:2], lambda: hours.now, hours.sleep)
    )

    def wait() -> None:
        ran = svcctl("customer", "new", "--name", "周兰")
        assert ran.code == 7
        assert ran.err.count("waiting for process") == 1
        assert "(ticket new)" in ran.err

    in_the_way(tmp_path / ".git/svcctl/lock", "ticket new", wait)


def test_who_waits_for_another_program_at_the_index_is_told_and_answered_when_it_is_free(
    tmp_path: Path,
) -> None:
    root = tmp_path / "ledger"
    playing.make(None, root)
    first = Index(Ledger(root))
    first.refresh()
    first.connection.close()
    holder = sqlite3.connect(first.database.path, isolation_level=None)
    holder.execute("begin exclusive")

    def let_go(now: float) -> None:
        if now > 100 + 3 * TELL_AFTER and holder.in_transaction:
            holder.execute("rollback")

    hours = Hours(let_go)
    again = Index(Ledger(root, hours.waiting()))
    assert again.database.path == first.database.path
    assert not again.database.made_anew
    [(when, message)] = hours.told
    assert TELL_AFTER <= when - 100 < 2 * TELL_AFTER
    assert message.template.startswith("waiting for another program")
    assert again.connection.execute("pragma busy_timeout").fetchone() == (PATIENCE * 1000,)
    holder.close()


def reading_meanwhile(root: Path, most: int) -> tuple[Hours, Index]:
    """Somebody who reads ``root``'s index at rest until ``most`` seconds have passed for who waits."""
    reader = Index(Ledger(root))
    rest = reader.database.at_rest()
    rest.__enter__()

    def let_go(now: float) -> None:
        if now > 100 + most and reader.connection.in_transaction:
            rest.__exit__(None, None, None)

    return Hours(let_go), reader


@pytest.mark.parametrize("cache", [-16000, 1], ids=["all in memory", "hardly any memory"])
def test_who_makes_the_index_fresh_while_somebody_reads_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: int
) -> None:
    monkeypatch.setattr(database, "PRAGMAS", f"pragma cache_size={cache};")
    root = tmp_path / "ledger"
    playing.make(None, root)
    first = open_index(Ledger(root))
    first.connection.execute("update meta set value = 'unknown' where key = 'way'")
    first.database.stamp()
    first.connection.close()
    hours, reader = reading_meanwhile(root, 3)
    fresh = open_index(Ledger(root, hours.waiting()))
    assert fresh.reread > 1
    assert not fresh.database.made_anew
    [(when, message)] = hours.told
    assert TELL_AFTER <= when - 100 < 2 * TELL_AFTER
    assert message.args["path"] == str(first.database.path)
    assert fresh.connection.execute("pragma busy_timeout").fetchone() == (PATIENCE * 1000,)
    for one in (fresh, reader):
        one.connection.close()


def test_who_waits_in_vain_for_another_program_is_told_how_long_and_answers_without_its_file(
    tmp_path: Path,
) -> None:
    root = tmp_path / "ledger"
    playing.make(None, root)
    asking = open_index(Ledger(root, Hours().waiting()))
    holder = sqlite3.connect(asking.database.path, isolation_level=None)
    holder.execute("begin exclusive")
    with pytest.raises(Busy) as stopped, asking.database.at_rest():
        pass
    assert stopped.value.code == "index-busy"
    assert stopped.value.message.args["seconds"] == str(PATIENCE)
    in_memory = open_index(Ledger(root, Hours().waiting()))
    asked = "select id from tickets order by id"
    answers = in_memory.connection.execute(asked).fetchall()
    assert in_memory.database.in_memory
    holder.execute("rollback")
    assert answers == asking.connection.execute(asked).fetchall() != []
    for connection in (holder, asking.connection, in_memory.connection):
        connection.close()


def test_within_what_is_asked_at_rest_more_may_be_asked_at_rest(tmp_path: Path) -> None:
    root = tmp_path / "ledger"
    playing.make(None, root)
    index = open_index(Ledger(root))
    with index.database.at_rest():
        with index.database.at_rest():
            assert index.connection.in_transaction
        assert index.connection.in_transaction
    assert not index.connection.in_transaction
    index.connection.close()
