"""What a hub refuses: whatever would break the book. Knows what is pushed, commit by commit; no station.

Everything that any pushed commit holds of a case must be in the last one, so that a line cannot be
written in one commit and be gone in the next. Cards may change; rules in force may not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from svcctl.domain import identity
from svcctl.domain.cards import BY_FOLDER
from svcctl.domain.cases import Case
from svcctl.domain.checks.catalogue import CODES, severity
from svcctl.domain.merge import heads_agree, lost_events
from svcctl.domain.problems import N_, Message, Problem, Said, Unreadable
from svcctl.ledger.cardfile import read_card as read_raw
from svcctl.ledger.folder import RECORDS, is_card, is_ticket
from svcctl.ledger.git import GitDir, run
from svcctl.ledger.mergefile import is_card_file
from svcctl.ledger.objects import PLAIN, Difference, Objects, differences, raw_differences
from svcctl.ledger.records import policy_in, read_card, read_ticket

ALLOWED = re.compile(r"(?:records|templates|reports)/.*|\.gitignore|README[^/]*")
MOST = 20
"""How many reasons are told at once."""


class Push(NamedTuple):
    """One reference about to move; ``old`` and ``new`` are None where there is nothing."""

    old: str | None
    new: str | None
    ref: str


class _Version(NamedTuple):
    path: str
    oid: str


def refusals(
    gitdir: GitDir, push: Push, book: str, today: date, extra: Mapping[str, str]
) -> Iterator[Message]:
    """Yield why ``push`` is not taken; nothing if it is.

    ``book`` is the reference that holds the book. ``extra`` is the environment in which git sees
    what was pushed. ``today`` decides which policies are in force.
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
        yield from _Look(gitdir, push, today, extra, objects).reasons()


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
        words = ["log", "--format=", "--raw", "-z", "-m", "--no-renames", "--no-abbrev", "--root"]
        # The walk's own lines begin like this; what git log prints besides is empty.
        words += [push.new, *([f"^{push.old}"] if push.old else [])]
        self.history = list(raw_differences(run(gitdir.top, words, extra=extra)))
        self._desks: dict[str, bool] = {}
        self._tips: dict[str, Case | None] = {}

    def reasons(self) -> Iterator[Message]:
        yield from self._foreign_files()
        yield from self._removed()
        yield from self._policies()
        tickets = [path for path, (_, new) in self.changed.items() if new and is_ticket(path)]
        for path in tickets:
            yield from self._tip(path)
        yield from self._lost()
        for path, (_, new) in self.changed.items():
            if new is not None and is_card_file(path):
                yield from self._card(path, self.objects.blob(new.oid))

    def _foreign_files(self) -> Iterator[Message]:
        seen = set()
        for path, (_, new) in (*self.history, *self.changed.items()):
            if new is None or path in seen:
                continue
            seen.add(path)
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
        names = {path.rpartition("/")[2] for path, (old, new) in self.changed.items() if not old}
        for path, (_, new) in self.changed.items():
            if new is None and path.startswith(f"{RECORDS}/"):
                if is_ticket(path) and path.rpartition("/")[2] in names:
                    continue  # moved to another folder: compared there
                yield Message(N_("{path}: the record was removed"), {"path": path})

    def _policies(self) -> Iterator[Message]:
        if self.old is None or self.objects.get(f"{self.old}:{RECORDS}/tickets") is None:
            return
        for path, (old, new) in self.changed.items():
            if old is None or new is None or not path.startswith(f"{RECORDS}/policy/"):
                continue
            day = path.rpartition("/")[2].removesuffix(".yaml")
            before = read_raw(self.objects.blob(old.oid), path)
            after = read_raw(self.objects.blob(new.oid), path)
            if before.ok and day <= self.today.isoformat() and before.fields() != after.fields():
                yield Message(
                    N_("{path}: the rules in force since {day} were changed; begin new ones on a later day"),
                    {"path": path, "day": day},
                )  # fmt: skip

    # Cases ----------------------------------------------------------------------------------

    def _case(self, path: str) -> Case | None:
        """The ticket at ``path`` in the last commit."""
        if path not in self._tips:
            data = self.objects.get(f"{self.new}:{path}")
            self._tips[path] = None if data is None else read_ticket(data, path).case
        return self._tips[path]

    def _tip(self, path: str) -> Iterator[Message]:
        data = self.objects.get(f"{self.new}:{path}") or b""
        read = read_ticket(data, path)
        self._tips[path] = read.case
        if read.case is None:
            yield _fault(path, read.problems)
            return
        desks = {event.desk for event in read.case.events}
        desks.add(read.case.id.partition("-")[0])
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
        """Every version that was pushed, and the one that was here, must be in the last one."""
        by_name: dict[str, list[Case]] = {}
        for path, case in self._tips.items():
            if case is not None:
                by_name.setdefault(path.rpartition("/")[2], []).append(case)
                alias = case.head.get("alias")
                if alias:
                    by_name.setdefault(f"{alias}.yaml", []).append(case)
        told: set[str] = set()
        for version in self._versions():
            path = version.path
            name = path.rpartition("/")[2]
            case = read_ticket(self.objects.blob(version.oid), path).case
            if case is None or path in told:
                continue
            at_place = self._case(path)
            known = [*by_name.get(name, ()), *([at_place] if at_place is not None else [])]
            same = [one for one in known if heads_agree(case, one)]
            if not same:
                told.add(path)
                yield (
                    Message(N_("{path}: the head was changed"), {"path": path})
                    if known
                    else Message(N_("{path}: the record was removed"), {"path": path})
                )
                continue
            lost = min((lost_events(case, one) for one in same), key=len)
            if lost:
                told.add(path)
                events = ", ".join(event.name for event in lost[:5])
                yield Message(
                    N_("{path}: lines were changed or removed: {events}"),
                    {"path": path, "events": events},
                )

    def _versions(self) -> Iterator[_Version]:
        seen = {
            _Version(path, new.oid)
            for path, (_, new) in self.changed.items()
            if new is not None and path in self._tips
        }
        former = ((path, Difference(None, old)) for path, (old, _) in self.changed.items())
        for path, (_, new) in (*self.history, *former):
            if new is not None and is_ticket(path):
                version = _Version(path, new.oid)
                if version not in seen:
                    seen.add(version)
                    yield version

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
