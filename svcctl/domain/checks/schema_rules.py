"""Family E2: what a record says must be what its declaration allows."""

from __future__ import annotations

from svcctl.domain.cases import Misread
from svcctl.domain.problems import N_, Problem, Severity
from svcctl.domain.state import State

MESSAGES: dict[str, tuple[Severity, str, str, str]] = {
    "E201": (
        "error",
        N_("unknown key"),
        N_("the key {key} is not known here"),
        N_("known are: {known}"),
    ),
    "E202": (
        "error",
        N_("missing key"),
        N_("the key {key} is missing"),
        N_("add it; `git log -p` of this file shows whether it was there before"),
    ),
    "E203": (
        "error",
        N_("value not understood"),
        N_("{key}: “{value}” is not {expected}"),
        N_("write the value in the form named"),
    ),
    "E204": (
        "error",
        N_("future format"),
        N_("format {found} is newer than this svcctl knows ({known})"),
        N_("update svcctl on this computer; nothing of the record was changed"),
    ),
    "E205": (
        "error",
        N_("unknown event"),
        N_("“{value}” is not an event"),
        N_("events are: {known}"),
    ),
    "E206": (
        "error",
        N_("no events"),
        N_("the record has no events, not even its opening"),
        N_("restore the file from git: a record always has its first event"),
    ),
    "E207": (
        "error",
        N_("event does not follow"),
        N_("{event}: {do} cannot follow while the ticket is {state}; it counts for nothing"),
        N_("record what is true now, or void the event with `svcctl ticket void`"),
    ),
    "E209": (
        "error",
        N_("correction without target"),
        N_("{event} corrects {target}, which is not there or was voided before"),
        N_(
            "`svcctl ticket show` lists the events, `svcctl log list --all` the entries; "
            "the correction counts for nothing"
        ),
    ),
    "E210": (
        "error",
        N_("correction not understood"),
        N_("{event} gives {target} a field or value that it cannot have: {field}"),
        N_("the correction counts for nothing; write another one"),
    ),
    "E211": (
        "error",
        N_("event excluded by another desk's"),
        N_(
            "{event}: {do} was written before another desk's line came, which leaves the ticket {state}"
        ),
        N_(
            "the state is contested: `svcctl ticket settle … state` picks a side, `void` takes it back"
        ),
    ),
    "E212": (
        "error",
        N_("erased card filled again"),
        N_("{id} was erased, and its card holds more than a stub does: {fields}"),
        N_("take it out again: svcctl customer erase {id} --reason TEXT"),
    ),
    "E220": (
        "error",
        N_("unknown key in the policy"),
        N_("the policy has no key {key}"),
        N_("known are: {known}"),
    ),
    "E221": (
        "error",
        N_("policy value not understood"),
        N_("{key}: “{value}” is not {expected}"),
        N_("write the value in the form named"),
    ),
    "E222": (
        "error",
        N_("no policy"),
        N_("the ledger has no policy under records/policy, so nothing can be said of deadlines"),
        N_("restore it from git; `svcctl init . --desk …` writes the shipped one"),
    ),
    "E223": (
        "error",
        N_("calendar of the policy is not there"),
        N_("the policy names the calendar {name}, but {path} is not there"),
        N_("restore it from git, or name another calendar in the policy"),
    ),
    "E224": (
        "error",
        N_("rules taken away"),
        N_("the file is gone, and git's last commit has it"),
        N_("take it back: git checkout HEAD -- {path}"),
    ),
}


def misread_problems(
    path: str,
    wrong: Misread,
    head_at: dict[str, tuple[int, int]],
    event_lines: list[int],
    excerpts: list[str],
    subject: str,
) -> list[Problem]:
    """Return a problem for each flaw of a case as text, at its line and column.

    ``excerpts`` are the file's lines; the column of an event's key is found in its line.
    """
    found = []
    for flaw in wrong.head:
        line, column = head_at.get(flaw.key, (1, 1))
        excerpt = excerpts[line - 1] if line <= len(excerpts) else ""
        found.append(Problem(flaw.code, path, line, column, flaw.args, excerpt, subject))
    for index, flaw in wrong.events:
        line = event_lines[index]
        excerpt = excerpts[line - 1] if line <= len(excerpts) else ""
        column = max(excerpt.find(f'"{flaw.key}"') + 1, 1)
        found.append(Problem(flaw.code, path, line, column, flaw.args, excerpt, subject))
    return found


def stray_problems(path: str, state: State, subject: str) -> list[Problem]:
    """Return a problem for each event that counts for nothing where it stands."""
    return [
        Problem(
            stray.code,
            path,
            stray.event.line,
            1,
            stray.args,
            f"- {stray.event.canonical()}",
            subject,
        )
        for stray in state.strays
    ]
