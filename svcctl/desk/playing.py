"""Plays the example of a code: makes a small ledger, spoils it in one place, audits it.

Knows how an example becomes files; not what it is about, nor how its findings are shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from difflib import unified_diff
from pathlib import Path

from svcctl.desk.auditing import Audit, Auditor, ordered
from svcctl.desk.desk import Desk
from svcctl.desk.keeping import audit_history
from svcctl.desk.setup import ATTRIBUTES, shipped
from svcctl.domain.checks.catalogue import CODES, Code
from svcctl.domain.checks.examples import EXAMPLES, Edit, Example, Git, Later, Link, Put, sound
from svcctl.domain.checks.examples.sound import Step
from svcctl.domain.problems import N_, Message, NotFound
from svcctl.ledger import commit, git
from svcctl.ledger.folder import RECORDS, Ledger
from svcctl.ledger.vouching import move_anchor

SHOWN_LINES = 8
"""How many lines in a row are shown of what is new in a file."""
WIDE = 160
"""How many characters of a line are shown."""


def code_named(typed: str) -> Code:
    """Return the code that ``typed`` names. Raises ``NotFound`` with the near ones."""
    wanted = typed.strip().upper()
    if wanted in CODES:
        return CODES[wanted]
    from difflib import get_close_matches

    near = get_close_matches(wanted, CODES, n=5, cutoff=0.5)
    near = near or [code for code in CODES if wanted and code.startswith(wanted[:2])][:5]
    raise NotFound(
        "no-such-code",
        Message(N_("there is no code {code}"), {"code": typed}),
        Message(N_("did you mean {near}?"), {"near": ", ".join(near)})
        if near
        else Message(N_("svcctl explain lists all codes"), {}),
    )


def sound_files() -> dict[str, bytes]:
    """Return the files of the sound ledger by path: nothing in it is wrong."""
    files = {
        f"{RECORDS}/.gitattributes": ATTRIBUTES.encode(),
        sound.POLICY: shipped("policy.yaml"),
        sound.CALENDAR: shipped("calendar.yaml"),
        sound.TICKET: sound.ticket(*sound.STORY),
    }
    files |= {path: text.encode() for path, text in sound.CARDS.items()}
    _edit(files, sound.PHONE)
    return files


def _edit(files: dict[str, bytes], step: Edit) -> None:
    text, old = files[step.path], step.old.encode()
    if old and text.count(old) != 1:
        raise ValueError(f"{step.path} does not hold {step.old!r} once")
    files[step.path] = text.replace(old, step.new.encode()) if old else text + step.new.encode()


def spoilt_files(example: Example) -> dict[str, bytes]:
    """Return the files of the example by path; what is no plain file is left out."""
    files = sound_files()
    for step in example.steps:
        _take(files, step.step if isinstance(step, Later) else step)
    return files


def _take(files: dict[str, bytes], step: Step) -> None:
    if isinstance(step, Later):
        return
    if isinstance(step, Edit):
        _edit(files, step)
    elif isinstance(step, Put) and step.content is not None:
        files[step.path] = step.content
    elif not isinstance(step, Git):
        files.pop(step.path, None)


def make(example: Example | None, root: Path) -> Ledger:
    """Make the ledger of the example in the folder ``root`` (None: the sound one)."""
    steps = example.steps if example is not None else ()
    files = sound_files()
    for step in steps:
        _take(files, step)
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    for step in steps:
        if isinstance(step, Link):
            (root / step.path).parent.mkdir(parents=True, exist_ok=True)
            (root / step.path).symlink_to(step.target)
    if any(isinstance(step, Git | Later) for step in steps):
        _go_on(Ledger(root), files, steps, _moment(example))
    (root / RECORDS / "policy").mkdir(parents=True, exist_ok=True)
    return Ledger(root)


def _go_on(
    ledger: Ledger, files: dict[str, bytes], steps: tuple[Step, ...], when: datetime
) -> None:
    """Commit the files, then do what comes after that."""
    gitdir = git.init(ledger.root)
    author = commit.Identity("example", "example@desk.invalid")
    first = commit.commit(gitdir, tuple(files), "example", author, author, when)
    if first is not None and any(isinstance(step, Later) for step in steps):
        move_anchor(gitdir, first, None)  # so far all was well
    for step in steps:
        if isinstance(step, Git):
            git.run(ledger.root, step.words)
        elif isinstance(step, Later):
            _take(files, step.step)
            path = step.step.path
            if path in files:
                ledger.path(path).parent.mkdir(parents=True, exist_ok=True)
                ledger.path(path).write_bytes(files[path])
            else:
                ledger.path(path).unlink()
            commit.commit(gitdir, (path,), "example", author, author, when)


def _moment(example: Example | None) -> datetime:
    return datetime.fromisoformat(sound.AS_OF if example is None else example.as_of)


def audit(example: Example | None, root: Path) -> tuple[Desk, Audit]:
    """Play the example in the empty folder ``root``; return the desk and what the audit finds."""
    desk = Desk(make(example, root), lambda: _moment(example))
    if example is not None and example.history:
        found = audit_history(desk)
        return desk, Audit(ordered(found.findings, lambda code: True), None, None, found.notices)
    return desk, Auditor(desk).audit()


def difference(example: Example) -> Iterator[str]:
    """Yield what the example changes in the sound ledger, as lines for people: path, - and + lines."""
    before, after = sound_files(), spoilt_files(example)
    for step in example.steps:
        if isinstance(step, Later):
            yield "$ git commit"
            step = step.step
        if isinstance(step, Link):
            yield f"{step.path} -> {step.target}"
        elif isinstance(step, Git):
            yield f"$ git {' '.join(step.words)}"
        else:
            yield from _changed(step.path, before.get(step.path), after.get(step.path))


def _changed(path: str, before: bytes | None, after: bytes | None) -> Iterator[str]:
    if after is None:
        yield f"--- {path}"
        return
    yield f"+++ {path}" if before is None else path
    old, new = _lines(before or b""), _lines(after)
    told = list(unified_diff(old, new, n=0, lineterm=""))[2:]
    lines = [line for line in told if not line.startswith("@@")]
    for place, line in enumerate(lines[: SHOWN_LINES * 2]):
        other = place + (1 if line[0] == "-" else -1)
        paired = 0 <= other < len(lines) and lines[other][0] != line[0]
        yield _cut(line, lines[other] if paired else "")
    if len(lines) > SHOWN_LINES * 2:
        yield "…"


def _cut(line: str, other: str) -> str:
    """A line of a difference with its mark, not too long, in which what differs from ``other`` stands."""
    mark, text = line[0], line[1:]
    if len(text) + 2 > WIDE:
        alike = next(
            (n for n, (a, b) in enumerate(zip(text, other[1:], strict=False)) if a != b), 0
        )
        if alike > WIDE - 40:
            text = "…" + text[alike - 60 :]
    marked = f"{mark} {text}"
    return marked if len(marked) <= WIDE else marked[: WIDE - 1] + "…"


def _lines(data: bytes) -> list[str]:
    """The lines of a file, each with its visible end where that is not a line feed."""
    text = data.decode("utf-8", "backslashreplace")
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return lines


__all__ = ["EXAMPLES", "audit", "code_named", "difference", "make", "sound_files", "spoilt_files"]
