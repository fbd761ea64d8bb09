"""Whether this clone and its surroundings are fit to work: what ``doctor`` looks at."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from svcctl.desk import byhand, driving
from svcctl.domain.problems import N_, GitFailed, Message, Stop
from svcctl.ledger import changes, git, remote
from svcctl.ledger.pending import Pending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from svcctl.desk.desk import Desk

NEAR = 31
"""Days ahead for which the statutory holidays have to be known: deadlines are counted into them."""


class Sign(NamedTuple):
    """One thing looked at: its name, whether it is well, what was seen, what to do."""

    name: str
    well: bool
    seen: Message
    remedy: Message | None = None


def signs(desk: Desk) -> Iterator[Sign]:
    """Yield everything looked at, one by one; a look that cannot be taken is itself a sign."""
    looks: tuple[tuple[str, Callable[[Desk], Iterator[Sign]]], ...] = (
        ("git", _git),
        ("desk", _desk),
        ("rules", _rules),
        ("clock", _clock),
        ("records", _records),
        ("writing", _writable),
        ("outbox", _outbox),
        ("language", _language),
    )
    for name, look in looks:
        try:
            yield from look(desk)
        except Stop as stop:
            yield Sign(name, False, stop.message, stop.remedy)


def _git(desk: Desk) -> Iterator[Sign]:
    gitdir = desk.ledger.git
    if gitdir is None:
        yield Sign("git", False, git.why_without_git())
        return
    if gitdir.linked:
        yield Sign("git", False, Message(N_("this is a linked worktree: reading only"), {}))
    else:
        yield Sign("git", True, Message(N_("repository {path}"), {"path": str(gitdir.path)}))
    if off := remote.off_branch(gitdir):
        yield Sign("branch", False, *off)
    waiting = Pending(gitdir).take()
    yield Sign(
        "commits",
        not waiting,
        Message(N_("{count} pending"), {"count": str(len(waiting))}),
        Message(N_("the next writing command makes them"), {}) if waiting else None,
    )
    for seen, remedy in byhand.not_committed(desk.ledger, gitdir, desk.moment()):
        yield Sign("commits", False, seen, remedy)
    yield Sign(
        "merging",
        driving.armed(gitdir) == driving.command(),
        Message(N_("git merges records with svcctl"), {})
        if driving.armed(gitdir)
        else Message(N_("git merges the lines of records itself, as far as it can"), {}),
        Message(
            N_("arm this clone: svcctl init {path} --desk {desk}"),
            {
                "path": str(desk.ledger.root),
                "desk": desk.station.desk or "CODE",
            },
        )
        if driving.armed(gitdir) != driving.command()
        else None,
    )
    try:
        ignored = changes.ignored_paths(gitdir)
    except GitFailed as stop:
        yield Sign("ignored", False, stop.message, stop.remedy)
        return
    for path in ignored[:20]:
        yield Sign(
            "ignored",
            False,
            Message(
                N_("git was told not to look at {path} ({why})"),
                {"path": path.path, "why": path.why},
            ),
            Message(
                N_("mend .gitignore, or git update-index --no-assume-unchanged --no-skip-worktree"),
                {},
            ),
        )
    if not ignored:
        yield Sign("ignored", True, Message(N_("git sees every record"), {}))


def _desk(desk: Desk) -> Iterator[Sign]:
    code = desk.desk_code()
    yield Sign(
        "desk",
        code in desk.ledger.names("desks"),
        Message(N_("this clone writes as desk {desk}"), {"desk": code}),
    )
    me = desk.station.me
    if not me:
        yield Sign(
            "person",
            False,
            Message(N_("nobody sits at this desk; every command needs --by"), {}),
            Message(N_("svcctl me STAFF"), {}),
        )
        return
    card = desk.staff(me)
    yield Sign("person", True, Message(N_("{name} sits at it"), {"name": card.get("name") or me}))


def _rules(desk: Desk) -> Iterator[Sign]:
    policy = desk.book.at(desk.now())
    yield Sign("rules", True, Message(N_("policy {path}"), {"path": policy.path}))
    calendar = desk.book.calendar_of(policy)
    today = desk.now().date()
    missing = calendar.years_without_data(today, today + timedelta(days=366))
    # Of a year that is near, deadlines are counted already; its table is out by then.
    near = calendar.years_without_data(today, today + timedelta(days=NEAR))
    yield Sign(
        "holidays",
        not near,
        Message(
            N_("no statutory holidays are known for {years}"),
            {"years": ", ".join(str(year) for year in missing)},
        )
        if missing
        else Message(N_("holidays are known for the year ahead"), {}),
        Message(
            N_("update chinesecalendar when they are announced, or add the days to the calendar"),
            {},
        )
        if missing
        else None,
    )


def _clock(desk: Desk) -> Iterator[Sign]:
    row = desk.index.connection.execute("select max(last_noted) from tickets").fetchone()
    newest = row[0] or 0
    behind = newest - desk.now().timestamp()
    yield Sign(
        "clock",
        behind <= 300,
        Message(N_("now it is {now}"), {"now": desk.now().isoformat()}),
        Message(N_("a record was written later than now: set this computer's clock"), {})
        if behind > 300
        else None,
    )


def _records(desk: Desk) -> Iterator[Sign]:
    problems = desk.problems()
    yield Sign(
        "records",
        not problems,
        Message(N_("{count} with errors"), {"count": str(len({p.path for p in problems}))})
        if problems
        else Message(N_("every record can be read"), {}),
        Message(N_("svcctl audit names each with its place"), {}) if problems else None,
    )


def _writable(desk: Desk) -> Iterator[Sign]:
    for folder in (desk.ledger.root / "records", desk.ledger.private):
        if not folder.is_dir():
            continue
        if not os.access(folder, os.W_OK):
            yield Sign(
                "writing", False, Message(N_("{path} cannot be written"), {"path": str(folder)})
            )
            return
    free = os.statvfs(desk.ledger.root)
    megabytes = free.f_bavail * free.f_frsize // 1_000_000
    yield Sign(
        "writing",
        megabytes > 100,
        Message(N_("{count} MB are free"), {"count": str(megabytes)}),
        Message(N_("make room on the disk"), {}) if megabytes <= 100 else None,
    )


def _language(desk: Desk) -> Iterator[Sign]:
    yield Sign(
        "language",
        (sys.stdout.encoding or "").lower().replace("-", "") == "utf8",
        Message(N_("output is {encoding}"), {"encoding": sys.stdout.encoding or "?"}),
    )


def _outbox(desk: Desk) -> Iterator[Sign]:
    """Messages that wait; nothing is said where none does."""
    from svcctl.ledger.outbox import Outbox

    waiting, damaged = Outbox(desk.ledger).waiting()
    if waiting or damaged:
        why = waiting[-1].why if waiting else ""
        yield Sign(
            "outbox",
            False,
            Message(
                N_("messages that wait to be sent ({count}): {why}"),
                {"count": str(len(waiting) + len(damaged)), "why": why or "-"},
            ),
            Message(N_("svcctl remind --retry names the targets; --drop ID gives one up"), {}),
        )
