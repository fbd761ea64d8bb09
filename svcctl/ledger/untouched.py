"""Whether a file still holds every line that the last commit has of it. Knows git's HEAD, and bytes.

A command commits a file as it lies there. What somebody changed in it by hand would go along under the
name of whoever writes next; so it is asked before that. Nothing of what a line means is known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from svcctl.domain import identity
from svcctl.domain.problems import N_, GitFailed, Message, Problem, Refusal, Said
from svcctl.ledger.commit import Note
from svcctl.ledger.folder import RECORDS, is_case, is_ticket, journal_kind, ticket_path
from svcctl.ledger.git import GitDir, head, run
from svcctl.ledger.history import files_of
from svcctl.ledger.holding import lines_of, only_grew
from svcctl.ledger.lineends import normal

REMEDY = N_(
    "git diff HEAD -- :/{path} shows it. Put the lines back as they were (git checkout HEAD -- :/{path} "
    "does, and drops those not committed yet) and correct them by a line: svcctl {noun} amend, void. "
    "What shall stay as it is now, commit in your own name with git"
)

MOVED = N_(
    "{path}: the ticket {id} lies in {held} in the last commit, and only half of a move would be committed"
)
MOVE_BACK = N_("put it back, then repeat the command: mkdir -p {folder} && {move} {path} {held}")
COMMIT_MOVE = N_(
    "it belongs here: commit the move in your own name (git add -A -- {held} {path} && "
    "git commit -m WHY), then repeat the command"
)


def lacking(gitdir: GitDir, files: Iterable[tuple[str, bytes | None]]) -> list[Problem]:
    """Return a finding for each committed line that these files lack, or have otherwise.

    ``files``: tickets, journals, rules in force and seals; paths relative to the ledger's root, and what lies there (None: nothing). One git
    process for all. Line ends are no difference. Raises GitFailed.
    """
    from svcctl.domain.keeping import Deed, broken
    from svcctl.ledger.objects import Objects

    found: list[Problem] = []
    deed = Deed("", "", "").told()
    places: dict[str, str] | None = None
    with Objects(gitdir) as objects:
        for path, now in files:
            held = objects.get(f"HEAD:{gitdir.prefix}{path}")
            if held is None and now is not None and is_ticket(path):
                places = _tickets_held(gitdir) if places is None else places
                found += _elsewhere(gitdir, path, places)
            if held is None or held == now:
                continue
            before, after = normal(held), None if now is None else normal(now)
            if after is None or not (before == after or only_grew(before, after)):
                kept = None if after is None else lines_of(path, after)
                found += broken(path, lines_of(path, before), kept, deed)
    return found


def _tickets_held(gitdir: GitDir) -> dict[str, str]:
    """Return where the last commit has each ticket, by the name of its file."""
    if head(gitdir) is None:
        return {}
    paths = files_of(gitdir, "HEAD", f"{RECORDS}/tickets")
    return {path.rpartition("/")[2]: path for path in paths}


def _elsewhere(gitdir: GitDir, path: str, places: Mapping[str, str]) -> list[Problem]:
    """Return a finding where the last commit has the ticket at ``path`` in another folder."""
    name = path.rpartition("/")[2]
    held = places.get(name)
    if held is None:
        return []
    identifier = name.removesuffix(".yaml")
    args = {"id": identifier, "path": path, "held": held, "folder": held.rpartition("/")[0]}
    staged = run(gitdir.root, ["ls-files", "-z", "--", path])
    here = identity.TICKET.fullmatch(identifier) is not None and path == ticket_path(identifier)
    args["move"] = "" if here else "git mv" if staged else "mv"
    return [Problem("E304", path, 0, 0, args, "", identifier)]


def refuse_lacking(gitdir: GitDir, files: Iterable[tuple[str, bytes | None]]) -> None:
    """Raise ``Refusal`` where a command would commit in its own name what somebody else changed.

    Where git cannot be asked nothing is refused: then nothing can be committed either, and what is
    written waits with a note, which is asked about before it is committed.
    """
    try:
        found = lacking(gitdir, files)
    except GitFailed:
        return
    if found:
        raise Refusal("committed-lines-changed", *_told(gitdir, found))


def look_at(gitdir: GitDir, note: Note) -> None:
    """Raise ``GitFailed`` where a commit that waits would take along what was changed since."""
    files: list[tuple[str, bytes | None]] = []
    for path in filter(is_case, note.paths):
        try:
            files.append((path, (gitdir.root / path).read_bytes()))
        except (FileNotFoundError, NotADirectoryError):
            files.append((path, None))
        except OSError:
            continue  # the commit itself says why it cannot be read
    if files and (found := lacking(gitdir, files)):
        raise GitFailed("git-lines-changed", *_told(gitdir, found))


def _told(gitdir: GitDir, found: list[Problem]) -> tuple[Message, Message]:
    from svcctl.domain.checks.history_rules import MESSAGES

    first, *more = found
    if first.code == "E304":
        remedy = MOVE_BACK if first.args["move"] else COMMIT_MOVE
        return Message(MOVED, first.args), Message(remedy, first.args)
    said = Said.of(Message(MESSAGES[first.code][2], first.args))
    args = {"path": first.path, "line": str(first.line), "finding": said, "count": str(len(more))}
    text = N_("{path}:{line}: {finding}")
    if more:
        text = N_("{path}:{line}: {finding}; and {count} more lines")
    kind = journal_kind(first.path)
    noun = "ticket" if kind is None else kind.name
    return Message(text, args), Message(REMEDY, {"path": gitdir.prefix + first.path, "noun": noun})
