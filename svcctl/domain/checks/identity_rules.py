"""Family E3: each record is who its file says it is, once, and refers to what exists."""

from __future__ import annotations

from itertools import pairwise

from svcctl.domain import identity
from svcctl.domain.cases import Case
from svcctl.domain.identity import event_order
from svcctl.domain.journals import JournalKind, month_and_desk, month_of
from svcctl.domain.problems import N_, Problem, Severity

MESSAGES: dict[str, tuple[Severity, str, str, str]] = {
    "E301": (
        "error",
        N_("id and file name differ"),
        N_("the record says it is {id}, the file name says {name}"),
        N_("find out which is right with `git log --follow` and rename the file or restore the id"),
    ),
    "E302": (
        "error",
        N_("check character wrong"),
        N_("the last character of {id} does not fit the rest"),
        N_("the id was changed by hand: restore it from git"),
    ),
    "E303": (
        "error",
        N_("two lines of one name"),
        N_("the name {event} stands twice in this file; the second line counts for nothing"),
        N_(
            "give the second line its desk's next free number in this file and its old name as `was`"
        ),
    ),
    "E304": (
        "error",
        N_("two records with one id"),
        N_("{id} is also in {other}"),
        N_(
            "one ticket in two files: put the lines of both into the one in the folder of its month, "
            "`git rm` the other, commit. Two different records: keep the older; give the other a new "
            "id and its old one as `alias`"
        ),
    ),
    "E305": (
        "error",
        N_("refers to nothing"),
        N_("{key} {value} has no card"),
        N_("add the card, or correct the reference with `svcctl ticket amend` or by hand"),
    ),
    "E306": (
        "error",
        N_("record in the wrong folder"),
        N_("a ticket of {day} belongs in {folder}"),
        N_("move the file there with `git mv`; where one of its id lies there already, see E304"),
    ),
    "E307": (
        "warning",
        N_("events out of order"),
        N_("{event} stands after {before}; the order is by number, then desk"),
        N_("nothing is lost and nothing must be done; move the line up when convenient"),
    ),
    "E308": (
        "error",
        N_("desk not registered"),
        N_("the desk {value} has no card under records/desks"),
        N_("register it there with `svcctl init . --desk {value}`, or restore its card from git"),
    ),
    "E309": (
        "warning",
        N_("kept out of git"),
        N_("git was told not to look at this file ({how})"),
        N_(
            "correct .gitignore, or for a file that git knows: "
            "git update-index --no-assume-unchanged --no-skip-worktree {path}"
        ),
    ),
    "E310": (
        "warning",
        N_("not a record"),
        N_("no record has this name and place, so nothing reads it"),
        N_("give it the name and place of a record ({expected}), or move it out of records/"),
    ),
}


MESSAGES |= {
    "E311": (
        "error",
        N_("attachment missing"),
        N_("the attached file {file} is not there ({how})"),
        N_("bring it back: git checkout -- {file}; with git-lfs: git lfs pull"),
    ),
    "E312": (
        "error",
        N_("attachment altered"),
        N_("the content of {file} is not what was attached"),
        N_("bring it back: git checkout -- {file}"),
    ),
    "E313": (
        "warning",
        N_("nobody attached this"),
        N_("no ticket names this file as attached"),
        N_("attach it with `svcctl ticket attach`, then remove this copy"),
    ),
}
MESSAGES |= {
    "E314": (
        "error",
        N_("line of another desk"),
        N_("{event} stands in the book of the desk {desk}, which alone writes there"),
        N_("take the line out, and let its own desk write it: `svcctl log add`"),
    ),
    "E315": (
        "error",
        N_("entry of another month"),
        N_("{event} happened in {month}, this is the book of {wanted}"),
        N_("void it with its reason, and add it again: `svcctl log void`, `svcctl log add --at …`"),
    ),
    "E316": (
        "warning",
        N_("number missing"),
        N_(
            "there is no line {event} before {next}: it was taken out, or a hand left out its number"
        ),
        N_("`git log -p` of this file shows whether it was there; put it back as it was"),
    ),
}


def folder_of(case: Case) -> str:
    """Return the folder a ticket belongs in, from the day in its id."""
    day = case.id.split("-")[1]
    return f"records/tickets/20{day[:2]}/{day[2:4]}"


def identity_problems(path: str, case: Case, listed: list[tuple[int, str]]) -> list[Problem]:
    """Return what is wrong with who this ticket says it is.

    ``listed`` are the events' (n, desk) in the order of the file.
    """
    found = []
    folder, _, name = path.rpartition("/")
    name = name.removesuffix(".yaml")
    if name != case.id:
        args = {"id": case.id, "name": name}
        found.append(Problem("E301", path, 2, 5, args, f"id: {case.id}", case.id))
    if not identity.is_sound(case.id):
        found.append(Problem("E302", path, 2, 5, {"id": case.id}, f"id: {case.id}", case.id))
    wanted = folder_of(case)
    if folder != wanted:
        args = {"day": case.id.split("-")[1], "folder": wanted}
        found.append(Problem("E306", path, 0, 0, args, "", case.id))
    return found + _out_of_order(path, case, listed)


def _out_of_order(path: str, case: Case, listed: list[tuple[int, str]]) -> list[Problem]:
    found = []
    for before, late in pairwise(listed):
        if before > late:
            event = next(event for event in case.events if event.order == late)
            args = {"event": event.name, "before": f"{before[0]}{before[1]}"}
            found.append(
                Problem("E307", path, event.line, 1, args, f"- {event.canonical()}", case.id)
            )
            break
    return found


def journal_problems(path: str, case: Case, listed: list[tuple[int, str]]) -> list[Problem]:
    """Return what is wrong with who this file of a journal says it is, and with whose its lines are.

    ``listed`` are the lines' (n, desk) in the order of the file.
    """
    found = []
    name = path.rpartition("/")[2].removesuffix(".yaml")
    if name != case.id:
        args = {"id": case.id, "name": name}
        found.append(Problem("E301", path, 2, 5, args, f'id: "{case.id}"', case.id))
    month, desk = month_and_desk(case.id)
    assert isinstance(case.kind, JournalKind)
    numbers = {event_order(event.was)[0] for event in case.events if event.was is not None}
    numbers |= {event.n for event in case.events}
    for event in case.events:
        codes: dict[str, dict[str, str]] = {}
        if event.desk != desk:
            codes["E314"] = {"event": event.name, "desk": desk}
        if event.do in case.kind.entries and month_of(event) != month:
            codes["E315"] = {"event": event.name, "month": month_of(event), "wanted": month}
        # A number that a merge gave is beyond all that either side had given away by then.
        if event.n > 1 and event.n - 1 not in numbers and event.was is None:
            codes["E316"] = {"event": f"{event.n - 1}{event.desk}", "next": event.name}
        for code, args in codes.items():
            place = (path, event.line, 1)
            found.append(Problem(code, *place, args, f"- {event.canonical()}", case.id))
    found += _out_of_order(path, case, listed)
    found.sort(key=lambda problem: problem.line)
    return found
