"""Makes a ledger of which nine tenths of the tickets lie in sealed months. Knows how a seal is written.

The generated ledger has forgotten tickets in every month, so that ``svcctl seal`` would refuse; the
seals are computed here by the same functions and committed. They are true: the audit finds no fault.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from bench import generate
from bench.places import WORK, NotMeasured, ask, program, svcctl
from svcctl.domain.seals import Seal, digest_of, folder_of
from svcctl.ledger import git
from svcctl.ledger.cardfile import card_text
from svcctl.ledger.folder import Ledger
from svcctl.ledger.history import Contents, files_of
from svcctl.ledger.openmonths import open_folders
from svcctl.ledger.seals import records, trees

SHARE = 0.9


def ledger(tickets: int) -> Path:
    """A clone of the ledger of that many tickets with its oldest months sealed, made where it is not."""
    source = generate.ledger(tickets)
    root = source.with_name(f"{source.name}-sealed")
    if (root / ".git" / "bench-ready").exists():
        return root
    shutil.rmtree(root, ignore_errors=True)
    program_git = program("git")
    ask([program_git, "clone", "--quiet", str(source), str(root)], cwd=WORK)
    ask([*svcctl(), "init", ".", "--desk", "SHB"], cwd=root)
    generate.record(root, "Seal the old months", list(_seals(root)))
    (root / ".git" / "bench-ready").touch()
    return root


def _seals(root: Path) -> list[str]:
    gitdir = Ledger(root).git
    head = git.head(gitdir) if gitdir is not None else None
    if gitdir is None or head is None:
        raise NotMeasured("the ledger has no history")
    base = root / "records" / "tickets"
    months = sorted(f"{one.parent.name}-{one.name}" for one in base.glob("*/*"))
    files = {month: files_of(gitdir, head, folder_of(month)) for month in months}
    whole, sealed = sum(map(len, files.values())), 0
    made = []
    tree = trees(gitdir, head, months)
    with Contents(gitdir) as contents:
        for month in months:
            if sealed + len(files[month]) > SHARE * whole:
                break
            sealed += len(files[month])
            found = list(records(contents, files[month]))
            when = "2026-11-22T08:00:00+08:00"
            seal = Seal(month, 1, when, "mgr1", len(found), digest_of(found), tree[month], head)
            made.append(generate.write(root, seal.path, card_text(seal.fields())))
    return made


def open_places(root: Path) -> list[str]:
    """The folders that are not sealed, as git is asked about them."""
    return list(open_folders(Ledger(root)) or ())
