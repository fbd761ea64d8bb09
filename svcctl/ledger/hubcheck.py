"""What a hub refuses: whatever would break the book. Knows what is pushed, commit by commit; no station.

What must be kept, and what counts as put back, is asked of the same search as in the audit of the
history (``ledger.losses``), from what is here to what is pushed: a line cannot be written in one
commit and be gone in the next, and whoever puts right what was refused is let in. Cards may change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime, tzinfo
from typing import NamedTuple

from svcctl.domain import identity
from svcctl.domain.cards import BY_FOLDER
from svcctl.domain.checks.catalogue import CODES, severity
from svcctl.domain.checks.crossing import expected_place
from svcctl.domain.keeping import day_of_policy, shape_of
from svcctl.domain.problems import N_, Message, Problem, Said, Unreadable
from svcctl.ledger.cardfile import read_card as read_raw
from svcctl.ledger.folder import RECORDS, is_card, is_case, is_ticket, ticket_path
from svcctl.ledger.git import GitDir, run
from svcctl.ledger.history import Contents
from svcctl.ledger.losses import Losses
from svcctl.ledger.mergefile import is_card_file
from svcctl.ledger.objects import PLAIN, Objects, differences
from svcctl.ledger.records import calendar_in, policy_in, read_card, read_lines

ALLOWED = re.compile(r"(?:records|templates|reports)/.*|\.gitignore|README[^/]*")
MOST = 20
"""How many reasons are told at once."""


_REASONS = {
    "E503": N_("{path}: the head was changed"),
    "E504": N_("{path}: the record was removed"),
    "E505": N_(
        "{path}: the rules in force since {day} were changed or removed; begin new ones on a later day"
    ),
    "E508": N_("{path}: the seal of a month was changed or removed"),
}
"""Why not, by what the audit of the history would find."""


class Push(NamedTuple):
    """One reference about to move; ``old`` and ``new`` are None where there is nothing."""

    old: str | None
    new: str | None
    ref: str


def refusals(
    gitdir: GitDir, push: Push, book: str, now: datetime, extra: Mapping[str, str]
) -> Iterator[Message]:
    """Yield why ``push`` is not taken; nothing if it is.

    ``book`` is the reference that holds the book. ``extra`` is the environment in which git sees
    what was pushed. The day of ``now`` in the ledger's zone decides which policies are in force.
    """
    if push.ref != book:
        yield Message(
            N_("{ref}: only {book} is kept here"),
            {"ref": push.ref, "book": book.removeprefix("refs/heads/")},
        )
        return
    if push.new is None:
        yield Message(N_("{ref}: the book is not deleted"), {"ref": push.ref})
        return
    if push.old is not None:
        out = run(gitdir.top, ["rev-list", "-1", push.old, f"^{push.new}"], extra=extra)
        if out.strip():
            yield Message(
                N_("forced push: it lacks what is here already; nothing is rewritten (svcctl sync)")
            )
            return
    with Objects(gitdir, extra) as objects:
        zone = _zone_here(gitdir, push, extra, objects)
        yield from _Look(gitdir, push, now.astimezone(zone).date(), extra, objects).reasons()


def _zone_here(
    gitdir: GitDir, push: Push, extra: Mapping[str, str], objects: Objects
) -> tzinfo | None:
    """Return the ledger's zone: the newest policy's calendar's, as it was here before the push.

    What is pushed is asked where nothing was here, so that nobody pushes a zone together with rules
    of a day that is over. None, the clock's own zone, where no rules can be read in either.
    """
    for commit in (push.old, push.new):
        if commit is None:
            continue
        folder = f"{RECORDS}/policy/"
        words = ["ls-tree", "-z", "--name-only", commit, folder]
        names = run(gitdir.top, words, extra=extra).decode("utf-8", "surrogateescape").split("\0")
        for path in sorted((one for one in names if one.endswith(".yaml")), reverse=True):
            name = path.removeprefix(folder).removesuffix(".yaml")
            with suppress(Unreadable):
                policy = policy_in(path, name, objects.get(f"{commit}:{path}") or b"")
                calendar = f"{RECORDS}/calendar/{policy.calendar}.yaml"
                return calendar_in(calendar, objects.get(f"{commit}:{calendar}") or b"").zone
    return None


class _Look:
    def __init__(
        self,
        gitdir: GitDir,
        push: Push,
        today: date,
        extra: Mapping[str, str],
        objects: Objects,
    ) -> None:
        assert push.new is not None
        self.old, self.new = push.old, push.new
        self.today = today
        self.objects = objects
        self.changed = differences(gitdir, push.old, push.new, extra)
        self._gitdir, self._extra = gitdir, extra
        self._desks: dict[str, bool] = {}

    def reasons(self) -> Iterator[Message]:
        yield from self._foreign_files()
        yield from self._removed()
        cases = [(path, old) for path, (old, new) in self.changed.items() if new and is_case(path)]
        for path, old in cases:
            yield from self._tip(path, fresh=old is None)
        yield from self._lost()
        for path, (_, new) in self.changed.items():
            if new is not None and is_card_file(path):
                yield from self._card(path, self.objects.blob(new.oid))

    def _foreign_files(self) -> Iterator[Message]:
        # Of the last commit alone: one that was taken out again harms nobody, and whoever
        # committed it by mistake could never be rid of it otherwise but by rewriting.
        for path, (_, new) in self.changed.items():
            if new is None:
                continue
            if ALLOWED.fullmatch(path) is None:
                yield Message(
                    N_(
                        "{path}: only records/, templates/, reports/, .gitignore and README are kept"
                    ),
                    {"path": path},
                )
            elif new.mode not in PLAIN:
                yield Message(N_("{path}: no plain file (a link or a module)"), {"path": path})

    def _removed(self) -> Iterator[Message]:
        for path, (_, new) in self.changed.items():
            if not path.startswith(f"{RECORDS}/") or expected_place(path):
                continue  # no record: nothing reads it, and it was taken by mistake
            if new is None and shape_of(path) is None:
                yield Message(N_("{path}: the record was removed"), {"path": path})

    # Cases ----------------------------------------------------------------------------------

    def _tip(self, path: str, *, fresh: bool) -> Iterator[Message]:
        data = self.objects.get(f"{self.new}:{path}") or b""
        read = read_lines(data, path)
        if read.case is None or any(problem.code == "E314" for problem in read.problems):
            yield _fault(path, read.problems)
            return
        desks = {event.desk for event in read.case.events}
        if is_ticket(path):
            desks.add(read.case.id.partition("-")[0])
            place = ticket_path(read.case.id)
            if fresh and path != place:  # so no second file has its id; what lies so already stays
                args = {"path": path, "id": read.case.id, "place": place}
                yield Message(
                    N_(
                        "{path}: the ticket {id} belongs in {place}: move it there (git mv), or put "
                        "its lines into the file that lies there and remove this one (git rm)"
                    ),
                    args,
                )
        yield from self._unregistered(path, desks)

    def _unregistered(self, path: str, desks: set[str]) -> Iterator[Message]:
        for desk in sorted(desks):
            if desk not in self._desks:
                card = self.objects.get(f"{self.new}:{RECORDS}/desks/{desk}.yaml")
                self._desks[desk] = card is not None
            if not self._desks[desk]:
                yield Message(
                    N_("{path}: written by the desk {desk}, which is not registered"),
                    {"path": path, "desk": desk},
                )

    def _lost(self) -> Iterator[Message]:
        """What was here, or in a commit that is pushed, and is not in the last one."""
        today, first = self.today.isoformat(), self.old is None
        with Contents(self._gitdir, self._extra) as contents:
            losses = Losses(
                self._gitdir, self.new, contents, today, {}, strict=not first, extra=self._extra
            )
            lines: dict[str, list[str]] = {}
            for problem in losses.find(self.old, None):
                if problem.code in ("E501", "E502"):
                    lines.setdefault(problem.path, []).append(str(problem.args["what"]))
                    continue
                if problem.code == "E505" and first:
                    continue  # nobody has judged by them here
                day = day_of_policy(problem.path)
                yield Message(_REASONS[problem.code], {"path": problem.path, "day": day})
            for path, names in lines.items():
                events = ", ".join(dict.fromkeys(names[:5]))
                yield Message(
                    N_("{path}: lines were changed or removed: {events}"),
                    {"path": path, "events": events},
                )
            for late in () if first else losses.late_policies(self.old):
                yield Message(
                    N_("{path}: rules that hold from {day} on, a day that was over; begin them later"),
                    {"path": late.path, "day": late.begins},
                )  # fmt: skip

    # Cards ----------------------------------------------------------------------------------

    def _card(self, path: str, data: bytes) -> Iterator[Message]:
        name = path.rpartition("/")[2].removesuffix(".yaml")
        folder = path.split("/")[1]
        kind = BY_FOLDER.get(folder) if is_card(path) else None
        if kind is not None:
            card, problems = read_card(kind, data, path)
            if card is None:
                yield _fault(path, problems)
            elif folder == "customers" and identity.CUSTOMER.fullmatch(name):
                yield from self._unregistered(path, {name.partition("-")[0]})
        elif folder == "policy":
            try:
                policy_in(path, name, data)
            except Unreadable as stop:
                yield _fault(path, list(stop.problems))
        else:
            raw = read_raw(data, path)
            if not raw.ok:
                yield _fault(path, raw.problems)


def _fault(path: str, problems: list[Problem]) -> Message:
    """Why a record cannot be read, with its place."""
    worst = next((one for one in problems if severity(one.code) == "error"), None)
    if worst is None:
        return Message(N_("{path}: the record cannot be read"), {"path": path})
    code = CODES[worst.code]
    what = Said.of(Message(code.message, worst.args))
    args = {"path": path, "line": str(worst.line), "code": worst.code, "what": what}
    return Message(N_("{path}:{line}: {code} {what}"), args)
