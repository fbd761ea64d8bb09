"""The day's board: in which order, cut so that it can be read, and kept in sight on a terminal."""

from __future__ import annotations

import io
import json
import os
import pty
import signal
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import made_ledgers as made
import pytest

from svcctl.__main__ import run
from svcctl.views.board import board, fitted
from svcctl.views.safe import width as display_width

NOON = "2026-11-16T12:00:00+08:00"


def item(section: str, number: int, **changes: Any) -> dict[str, Any]:
    when = datetime.fromisoformat(NOON) - timedelta(hours=50 - number)
    late = (50 - number) * 60 if section == "overdue" else 0
    return {
        "section": section,
        "ticket": f"SHA-261116-{number:03}",
        "what": "slip",
        "when": when.isoformat(),
        "overdue_minutes": late,
        "who": "eng1",
        "who_name": "王伟",
        "name": "客户甲",
        "phone": "13800138000",
        "subject": "不制冷",
        "priority": "normal",
        **changes,
    }


def plain(text: str, _colour: str) -> str:
    return text


def drawn(items: list[dict[str, Any]], **more: Any) -> str:
    return "\n".join(board(items, NOON, plain, **more))


MANY = [item("overdue", number) for number in range(40)]


def test_forty_overdue_rows_are_counted_the_oldest_shown_and_the_rest_named() -> None:
    text = drawn(MANY)
    assert "Overdue (40): the oldest for 2d 2h" in text
    assert text.count("SHA-261116-") == 10
    assert text.index("SHA-261116-000") < text.index("SHA-261116-009")
    assert text.endswith("  and 30 more: --all")
    assert drawn(MANY, limit=None).count("SHA-261116-") == 40
    assert "more: --all" not in drawn(MANY[:10])


def test_what_is_due_today_is_counted_by_its_times() -> None:
    items = [
        item("due-today", number, when=f"2026-11-16T{hour}:30:00+08:00")
        for number, hour in enumerate(("13", "13", "17"))
    ]
    assert "Due today (3): 13:30 ×2 · 17:30 ×1" in drawn(items)
    assert "  13:30  " in drawn(items)
    assert "2026-11-16 13:30" not in drawn(items)


def test_visits_are_counted_by_engineer_and_a_missed_one_has_its_day() -> None:
    items = [
        item("visits", 1, when="2026-11-15T14:00:00+08:00"),
        item("visits", 2, when="2026-11-16T14:00:00+08:00"),
        item("visits", 3, who="eng2", who_name=None, when="2026-11-16T09:00:00+08:00"),
    ]
    text = drawn(items)
    assert "Visits today (3): 王伟 ×2 · eng2 ×1" in text
    assert "  11-15 14:00  " in text


def test_what_nobody_owns_is_counted_by_what_it_waits_for() -> None:
    items = [item("nobody", 1, what="new"), item("nobody", 2, what="ready", priority="urgent")]
    text = drawn(items)
    assert "Nobody has taken these (2): new ×1 · ready to dispatch ×1" in text
    assert text.count("urgent") == 1
    assert "normal" not in text


def test_a_hostile_name_is_shown_harmless() -> None:
    text = drawn([item("visits", 1, who_name="王\x1b[2J伟", subject="\u202e不制冷")])
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("height", [3, 8, 20, 40, 200])
def test_a_picture_is_never_higher_than_the_terminal(height: int) -> None:
    items = [*MANY, *(item("nobody", number, what="new") for number in range(15))]
    lines = fitted(lambda limit: board(items, NOON, plain, width=80, limit=limit), height)
    assert len(lines) <= height
    assert all(display_width(line) <= 80 for line in lines)
    if height >= 20:
        assert any("Overdue (40)" in line for line in lines)
        assert any("Nobody has taken these (15)" in line for line in lines)


# From a ledger -------------------------------------------------------------------------------------


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return made.few_rules(made.copy(tmp_path / "ledger"))


def sections(root: Path, now: str) -> list[tuple[str, str, str]]:
    ran = made.call(root, "today", "-o", "json", now=now)
    return [(i["section"], i["ticket"][-3:], i["what"]) for i in json.loads(ran.out)["items"]]


def test_the_board_goes_from_overdue_to_what_nobody_owns(ledger: Path) -> None:
    assert sections(ledger, NOON) == [
        ("overdue", "03E", "first-call"),
        ("visits", "02G", "visit"),
        ("nobody", "03E", "new"),
    ]


def test_a_visit_at_which_nobody_arrived_stays_on_the_board(ledger: Path) -> None:
    next_day = "2026-11-17T08:00:00+08:00"
    assert ("visits", "02G", "visit") in sections(ledger, next_day)
    made.sure(ledger, "ticket", "arrive", "02G", now="2026-11-16T14:10:00+08:00")
    assert ("visits", "02G", "visit") in sections(ledger, "2026-11-16T15:00:00+08:00")
    assert ("visits", "02G", "visit") not in sections(ledger, next_day)


def test_what_was_missed_first_stands_first_among_the_visits(ledger: Path) -> None:
    """Also where its engineer comes after another one's by the alphabet."""
    words = ("--kind", "repair", "--customer", "客户乙", "--subject", "有异响")
    made.sure(ledger, "staff", "new", "aa1", "--name", "安一", "--role", "engineer", now=NOON)
    for number, (who, visit) in enumerate((("aa1", "11-17 09:00"), ("eng1", "11-17 08:30"))):
        new = made.sure(ledger, "ticket", "new", *words, "-o", "ids", now=NOON).out.strip()
        made.sure(ledger, "ticket", "review", new, "--cover", "free", now=NOON)
        sent = ("--to", who, "--visit", f"2026-{visit}")
        made.sure(ledger, "ticket", "dispatch", new, *sent, now=f"2026-11-16T12:0{number}:30+08:00")
    items = json.loads(
        made.call(ledger, "today", "-o", "json", now="2026-11-17T10:00:00+08:00").out
    )
    visits = [(i["who"], i["when"][5:16]) for i in items["items"] if i["section"] == "visits"]
    assert visits == [("eng1", "11-16T14:00"), ("aa1", "11-17T09:00"), ("eng1", "11-17T08:30")]


def test_a_limit_cuts_the_table_and_never_the_machines_answer(ledger: Path) -> None:
    for number in range(4):
        words = ("--kind", "inquiry", "--customer", "客户乙", "--subject", f"问题{number}")
        made.sure(ledger, "ticket", "new", *words, now=NOON)
    ran = made.call(ledger, "today", "--limit", "2", now=NOON)
    assert "Nobody has taken these (5): new ×5" in ran.out
    assert "  and 3 more: --all" in ran.out
    assert len(made.call(ledger, "today", "--limit", "2", "-o", "ids", now=NOON).out.split()) == 7
    assert "more: --all" not in made.call(ledger, "today", "--limit", "2", "--all", now=NOON).out


# Kept in sight --------------------------------------------------------------------------------------


class Screen(io.StringIO):
    """A stdout that is a terminal."""

    def isatty(self) -> bool:
        return True

    def pictures(self) -> list[str]:
        return self.getvalue().split("\x1b[H")[1:]


def watched(
    root: Path, monkeypatch: pytest.MonkeyPatch, *between: Callable[[], None], words: str = ""
) -> tuple[int, Screen, list[float]]:
    """Watch the board; ``between`` happens after each picture, then Ctrl-C is pressed."""
    screen, slept = Screen(), []
    left = list(between)

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if not left:
            raise KeyboardInterrupt
        with monkeypatch.context() as aside:
            aside.setattr(sys, "stdout", io.StringIO())
            left.pop(0)()

    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("NO_COLOR", "1")
    code = run(
        ["--lang", "en", "--ledger", str(root), "today", "--watch", *words.split()],
        clock=lambda: datetime.fromisoformat(NOON),
        sleep=sleep,
    )
    return code, screen, slept


def test_watching_draws_again_and_ends_well_with_ctrl_c(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--kind", "repair", "--customer", "客户乙", "--subject", "有异响")

    def arrives() -> None:
        made.sure(ledger, "ticket", "new", *words, now=NOON)

    code, screen, slept = watched(ledger, monkeypatch, arrives)
    first, second = screen.pictures()
    assert code == 0
    assert ("有异响" in first, "有异响" in second) == (False, True)
    assert slept == [30, 30]
    assert screen.getvalue().startswith("\x1b[?1049h\x1b[?25l")
    assert screen.getvalue().endswith("\x1b[?25h\x1b[?1049l")


def test_the_seconds_between_two_pictures_can_be_given(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert watched(ledger, monkeypatch, words="--every 5")[2] == [5]


def test_a_trouble_is_shown_and_the_next_picture_may_be_well(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules, away = ledger / "records/policy", ledger / "away"

    def goes() -> None:
        rules.rename(away)
        rules.mkdir()
        (rules / "2026-01-01.yaml").write_text("format: 1\nformat: 1\n", "utf-8")
        made.git(ledger, "update-ref", "refs/was", "HEAD")
        made.git(ledger, "update-ref", "-d", "HEAD")  # so that git has no version of it either

    def comes_back() -> None:
        made.git(ledger, "update-ref", "HEAD", "refs/was")
        (rules / "2026-01-01.yaml").unlink()
        rules.rmdir()
        away.rename(rules)

    code, screen, _ = watched(ledger, monkeypatch, goes, comes_back)
    first, second, third = screen.pictures()
    assert code == 0
    assert "the rules of this ledger cannot be read" in second
    assert first == third.removesuffix("\x1b[?25h\x1b[?1049l")


def test_broken_records_are_counted_at_the_foot(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ledger / "records/units/SN2.yaml").write_text("format: 1\nserial: SN2\nserial: SN2\n")
    _, screen, _ = watched(ledger, monkeypatch)
    assert "records that cannot be used or trusted: 1 (svcctl audit)" in screen.getvalue()


@pytest.mark.parametrize(
    ("words", "code"),
    [("", "no-terminal"), ("-o json", "no-terminal")],
)
def test_watching_needs_a_terminal(ledger: Path, words: str, code: str) -> None:
    ran = made.call(ledger, "today", "--watch", *words.split())
    assert (ran.code, ran.out) == (2, "")
    assert f"[{code}]" in ran.err


@pytest.mark.parametrize(
    "words", ["-o json", "--as-of 2026-11-16T09:00", "--known 2026-11-16T09:00"]
)
def test_watching_shows_the_present_as_a_table(
    ledger: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    code, screen, slept = watched(ledger, monkeypatch, words=words)
    assert (code, screen.getvalue(), slept) == (2, "", [])


def test_on_a_real_terminal_ctrl_c_ends_it_and_gives_the_screen_back(ledger: Path) -> None:
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(ledger)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a suite run in the background ignores it
        environ = {
            **os.environ,
            "TERM": "xterm",
            "SVCCTL_LANG": "en",
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        os.execve(sys.executable, [sys.executable, "-m", "svcctl", "today", "--watch"], environ)
    seen = b""
    while b"\x1b[J" not in seen:  # the first picture is drawn
        seen += os.read(terminal, 4096)
    os.write(terminal, b"\x03")
    signal.alarm(60)  # a board that does not end is a failure, not a suite that hangs
    try:
        while part := os.read(terminal, 4096):
            seen += part
    except OSError:
        pass  # Linux says that the other side is closed by an error
    _, status = os.waitpid(child, 0)
    signal.alarm(0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    assert seen.rstrip().endswith(b"\x1b[?1049l")
    assert b"Traceback" not in seen
