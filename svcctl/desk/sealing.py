"""Sealing a month, and looking whether what was sealed is still so. Knows the order of the steps.

A month is sealed when it is over, all of it is committed, every ticket of it has ended and nothing is
owed on any. Its files stay where they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from svcctl.desk.desk import Desk
from svcctl.desk.writing import Manner, Outcome, Writing, identity
from svcctl.domain import seals as domain
from svcctl.domain.keeping import Line, broken
from svcctl.domain.problems import (
    N_,
    GitFailed,
    Message,
    NotFound,
    Problem,
    Refusal,
    Said,
    Unreadable,
    Usage,
)
from svcctl.domain.schema import as_text
from svcctl.domain.seals import Seal, digest_of, folder_of
from svcctl.ledger import git, seals, signatures
from svcctl.ledger.cardfile import card_text
from svcctl.ledger.changes import finish_status, start_status
from svcctl.ledger.git import GitDir
from svcctl.ledger.history import Contents, files_of
from svcctl.ledger.holding import lines_of, only_grew
from svcctl.ledger.numbering import PLACES
from svcctl.ledger.openmonths import note_unsettled, sealed_months

_NAMED = 5


class Sealed(NamedTuple):
    """The seal, where it lies and what became of the write."""

    seal: Seal
    outcome: Outcome


def seal(desk: Desk, month: str, reason: str, signed: bool, manner: Manner) -> Sealed:
    """Seal a month (``2026-10``), once more if something was written into it since.

    Raises ``Usage`` for no month or no reason, ``Refusal`` where it cannot be sealed yet or is.
    """
    if domain.MONTH.fullmatch(month) is None:
        raise Usage(
            "no-month",
            Message(N_("“{text}” is no month"), {"text": month}),
            Message(N_("give it as 2026-10")),
        )
    gitdir = desk.ledger.git
    if gitdir is None:
        raise Refusal("no-history", git.why_without_git())
    with Writing(desk, manner.commit, manner.dry_run) as writing:
        writing.refuse_unfinished()
        now = desk.now()
        who = desk.who(manner.by)
        if now.date().isoformat()[:7] <= month:
            raise _refused(
                "month-not-over", Message(N_("{month} is not over yet"), {"month": month})
            )
        head = git.head(gitdir)
        tree = seals.trees(gitdir, head, [month])[month] if head else ""
        if head is None or not tree:
            raise NotFound(
                "no-tickets", Message(N_("{month} has no committed tickets"), {"month": month})
            )
        _refuse_uncommitted(gitdir, month)
        _refuse_owed(desk, month)
        earlier = seals.read_seals(desk.ledger).seals.get(month, [])
        _refuse_again(earlier, month, tree, reason)
        with Contents(gitdir) as contents:
            found = list(seals.records(contents, files_of(gitdir, head, folder_of(month))))
        made = Seal(
            month,
            earlier[-1].number + 1 if earlier else 1,
            as_text(now),
            who.id,
            len(found),
            digest_of(found),
            tree,
            head,
            " ".join(reason.split()),
        )
        told: tuple[Message, ...] = ()
        if signed:
            signer = identity(desk, who.id)
            made = made._replace(signature=seals.sign(gitdir, made, signer))
            told = _unverified(gitdir, made, signer.email)
        writing.create(made.path, card_text(made.fields()))
        outcome = writing.finish(f"{month} sealed", who, desk.read_time(manner.at))
        if not manner.dry_run:
            note_unsettled(desk.ledger, [month], settled=True)
    return Sealed(made, outcome._replace(notices=(*outcome.notices, *told)))


def _unverified(gitdir: GitDir, made: Seal, address: str) -> tuple[Message, ...]:
    """Say at once that a fresh signature does not verify here: the audit would say it much later.

    Raises ``Refusal`` where git made none that verifies.
    """
    fault = signatures.signature_fault(gitdir, made)
    if not fault:
        return ()
    if fault == "unlisted-key":
        text = N_("signed, but gpg.ssh.allowedSignersFile does not name this key for {address}")
        return (Message(text, {"address": address}),)
    if fault not in domain.UNVERIFIED:  # a key that is not there: git says it signed, and did not
        raise _refused(
            "not-signed",
            Message(N_("git made no signature that verifies")),
            Message(N_("tell git which key to sign with: user.signingKey, and gpg.format for ssh")),
        )
    text = N_(
        "signed, but this computer cannot verify it: {what}. "
        "git config gpg.ssh.allowedSignersFile FILE (docs/manual.md); for OpenPGP: gpg --import KEY"
    )
    return (Message(text, {"what": domain.UNVERIFIED[fault]}),)


def _refused(code: str, message: Message, remedy: Message | None = None) -> Refusal:
    return Refusal(code, message, remedy)


def _refuse_uncommitted(gitdir: GitDir, month: str) -> None:
    entries = finish_status(start_status(gitdir, (folder_of(month),))).entries
    if entries:
        raise _refused(
            "not-committed",
            Message(
                N_("{path} is not as it was committed, and a seal speaks of what is committed"),
                {"path": entries[0].path},
            ),
            Message(N_("commit it, or put it back")),
        )


def _refuse_owed(desk: Desk, month: str) -> None:
    """Refuse where a ticket of the month cannot be read, has not ended, or something is owed on it."""
    start = folder_of(month) + "/"
    between = (start, start + "\U0010ffff")
    ask = desk.index.connection.execute
    broken_ones = [
        row[0]
        for row in ask(
            "select distinct path from problems where severity = 'error' and code < 'E4' "
            "and path > ? and path < ? order by path",
            between,
        )
    ]
    if broken_ones:
        raise Unreadable(
            "unreadable-record",
            Message(N_("{path} cannot be read"), {"path": broken_ones[0]}),
            Message(N_("svcctl audit says what is wrong with it")),
        )
    rows = ask(
        "select id from tickets t where path > ? and path < ? and (not ended or exists ("
        f"select 1 from owings o where o.owing >> {PLACES} = t.rowid and o.verdict = 0)) order by id",
        between,
    ).fetchall()
    if rows:
        shown = ", ".join(row[0] for row in rows[:_NAMED]) + (", …" if len(rows) > _NAMED else "")
        raise _refused(
            "still-open",
            Message(
                N_(
                    "tickets of {month} that are open, or on which something is owed ({count}): {tickets}"
                ),
                {"count": str(len(rows)), "month": month, "tickets": shown},
            ),
            Message(N_("finish and close them first; svcctl ticket show ID says what is owed")),
        )


def _refuse_again(earlier: list[Seal], month: str, tree: str, reason: str) -> None:
    if not earlier:
        return
    if earlier[-1].tree == tree:
        raise _refused(
            "already-sealed",
            Message(
                N_("{month} is sealed, and nothing was written into it since"), {"month": month}
            ),
        )
    if not reason.strip():
        raise Usage(
            "no-reason",
            Message(
                N_("{month} was sealed before, and something was written into it since"),
                {"month": month},
            ),
            Message(N_("say why: svcctl seal {month} --reason TEXT"), {"month": month}),
        )


# Looking at the seals -----------------------------------------------------------------------------


def seal_problems(
    desk: Desk, lying: Iterable[str] = (), *, thorough: bool = False
) -> list[Problem]:
    """Return what is wrong with the seals: each against the month as it is committed now.

    ``lying``: paths that may lie in the work tree otherwise than committed; they are read there.
    ``thorough``: counts, digests and signatures are computed again, of every seal there ever was.
    """
    gitdir = desk.ledger.git
    if gitdir is None or not sealed_months(desk.ledger):
        return []
    read = seals.read_seals(desk.ledger)
    found = list(read.problems)
    head = git.head(gitdir)
    if head is None:
        return found
    now = seals.trees(gitdir, head, read.seals)
    here: dict[str, set[str]] = {}
    for path in lying:
        if path.endswith(".yaml"):
            here.setdefault(domain.month_of(path), set()).add(path)
    with Contents(gitdir) as contents:
        for month, several in read.seals.items():
            newest = several[-1]
            if newest.tree != now[month] or month in here:
                found += _changed(desk, gitdir, contents, head, newest, here.get(month, set()))
            for one in several if thorough else ():
                found += _recomputed(gitdir, contents, one)
    return found


def as_it_lies(desk: Desk, path: str) -> bytes | None:
    """Return a record's bytes in the work tree: None where it is gone, nothing where it cannot be read."""
    try:
        return desk.ledger.read(path)
    except FileNotFoundError:
        return None
    except Unreadable:
        return b""


def _changed(
    desk: Desk, gitdir: GitDir, contents: Contents, head: str, newest: Seal, here: set[str]
) -> list[Problem]:
    """Return what was taken from a sealed month or added to it, by commits or (``here``) by hand."""
    try:
        changed = seals.added_since(gitdir, head, newest, here)
    except GitFailed:
        return [domain.unsound(newest.path, "tree")]
    found: list[Problem] = []
    added = []
    since = Said.of(Message(N_("since {month} was sealed"), {"month": newest.month}))
    for path, (old, new) in changed.items():
        before = contents.one(old)
        after = as_it_lies(desk, path) if path in here else contents.one(new)
        if path in here and before == after:
            continue
        if before is None or (after is not None and only_grew(before, after)):
            added.append(path)
            continue
        after_lines = None if after is None else lines_of(path, after)
        before_lines = lines_of(path, before)
        losses = broken(path, before_lines, after_lines, since)
        found += losses
        only_bytes = path in here and _texts(after_lines) == _texts(before_lines)
        if not losses and not only_bytes:
            added.append(path)
    return [*found, *([domain.written_since(newest, added)] if added else [])]


def _texts(lines: list[Line] | None) -> list[str]:
    return [line.text for line in lines or ()]


def _recomputed(gitdir: GitDir, contents: Contents, one: Seal) -> list[Problem]:
    try:
        count, digest = seals.recomputed(gitdir, contents, one)
    except GitFailed:
        return [domain.unsound(one.path, "tree")]
    found = []
    if count != one.tickets:
        found.append(domain.unsound(one.path, "tickets"))
    if digest != one.digest:
        found.append(domain.unsound(one.path, "digest"))
    if one.signature and (fault := signatures.signature_fault(gitdir, one)):
        found.append(domain.unsound(one.path, fault))
    return found
