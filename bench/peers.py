"""Other people's programs on the same content. Knows their formats and their commands, nothing else.

Each peer has its files below ``bench/.work/peers`` and never sees those of the user. A peer that is
not installed is no failure: its rows say so.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import uuid
from pathlib import Path

from bench import flow
from bench.generate import size_name
from bench.places import WORK, NotMeasured, ask, program
from bench.timing import Command

PEERS = WORK / "peers"
VERSION = 2
BEANCOUNT = "beancount>=3.2,<4"


def _place(name: str) -> Path:
    path = PEERS / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def versions() -> dict[str, str]:
    """What each peer says of its version, or that it is not installed."""
    told = {}
    for name, words in (
        ("task", ["--version"]),
        ("sqlite3", ["--version"]),
        ("hledger", ["--version"]),
        ("bean-check", ["--version"]),
        ("git", ["--version"]),
    ):
        try:
            found = str(_bean_check()) if name == "bean-check" else program(name)
            told[name] = ask([found, *words]).decode("utf-8", "replace").split("\n")[0][:60]
        except NotMeasured as missing:
            told[name] = str(missing)
    return told


def taskwarrior(tickets: int) -> Command:
    """``task overdue limit:50``: a task per ticket, pending where the ticket is open.

    Overdue are those that owe a callback. Raises ``NotMeasured`` where it is not installed.
    """
    task = program("task")
    folder = _place(f"task-{size_name(tickets)}-v{VERSION}")
    settings = [f"rc:{folder / 'taskrc'}"]
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "taskrc").write_text(
            f"data.location={folder}\nconfirmation=off\nnews.version=9.9.9\n", "utf-8"
        )
        (folder / "tasks.json").write_text(_tasks(tickets), "utf-8")
        ask([task, *settings, "import", str(folder / "tasks.json")])
        (folder / "ready").touch()
    return Command([task, *settings, "overdue", "limit:50"], folder)


def _tasks(tickets: int) -> str:
    def stamp(year_first: str) -> str:
        return year_first.replace("-", "").replace(":", "")[:15] + "Z"

    tasks = []
    for story in flow.stories(tickets):
        opened = stamp(story.opened.isoformat())
        task = {
            "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, story.id)),
            "description": f"{story.id} {story.subject}",
            "project": story.kind,
            "entry": opened,
            "modified": opened,
            "due": opened if story.owes_callback or not story.open else "20990101T000000Z",
            "priority": "H" if story.priority == "urgent" else "M",
            "status": "pending" if story.open else "completed",
        }
        if not story.open:
            task["end"] = opened
        tasks.append(json.dumps(task, ensure_ascii=False))
    return "[" + ",\n".join(tasks) + "]\n"


def sqlite_shell(tickets: int) -> Command:
    """The sqlite3 shell listing the first fifty callbacks owed, from one indexed table."""
    shell = program("sqlite3")
    path = _place(f"tickets-{size_name(tickets)}-v{VERSION}.sqlite")
    if not path.exists():
        new = path.with_suffix(".new")
        new.unlink(missing_ok=True)
        with sqlite3.connect(new) as base:
            base.execute("create table ticket(id text primary key, opened, kind, subject, owed)")
            base.executemany(
                "insert into ticket values (?, ?, ?, ?, ?)",
                (
                    (s.id, s.opened.isoformat(), s.kind, s.subject, int(s.owes_callback))
                    for s in flow.stories(tickets)
                ),
            )
            base.execute("create index owed on ticket(opened) where owed = 1")
        base.close()
        new.rename(path)
    query = "select * from ticket where owed = 1 order by opened limit 50"
    return Command([shell, "-readonly", str(path), query], path.parent)


def hledger(tickets: int) -> Command:
    """``hledger check`` over a journal with one transaction per ticket."""
    found = program("hledger")
    path = _place(f"journal-{size_name(tickets)}-v{VERSION}.journal")
    if not path.exists():
        lines = ["commodity 1000.00 CNY", "account assets:cash", "account income:service", ""]
        for story in flow.stories(tickets):
            lines.append(f"{story.opened:%Y-%m-%d} * {story.id} {story.subject}  ; {story.kind}")
            lines.append(f"    assets:cash      {story.fate % 900 + 50}.00 CNY")
            lines.append("    income:service\n")
        _put(path, "\n".join(lines))
    return Command([found, "-f", str(path), "check"], path.parent)


def bean_check(tickets: int) -> Command:
    """``bean-check --no-cache`` over a ledger with one transaction per ticket."""
    found = _bean_check()
    path = _place(f"ledger-{size_name(tickets)}-v{VERSION}.beancount")
    if not path.exists():
        lines = [
            f"{flow.FIRST_DAY} open Assets:Cash CNY",
            f"{flow.FIRST_DAY} open Income:Service CNY",
            "",
        ]
        for story in flow.stories(tickets):
            lines.append(f'{story.opened:%Y-%m-%d} * "{story.id}" "{story.subject}"')
            lines.append(f'  kind: "{story.kind}"')
            lines.append(f"  Assets:Cash  {story.fate % 900 + 50}.00 CNY")
            lines.append("  Income:Service\n")
        _put(path, "\n".join(lines))
    return Command([str(found), "--no-cache", str(path)], path.parent)


def _put(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    new.write_text(text, "utf-8")
    new.rename(path)


def _bean_check() -> Path:
    """bean-check in an environment of its own, installed there at the first call.

    Raises ``NotMeasured`` where it cannot be installed.
    """
    folder = _place("venv")
    found = folder / "bin" / "bean-check"
    if not found.exists():
        shutil.rmtree(folder, ignore_errors=True)
        try:
            ask([sys.executable, "-m", "venv", str(folder)])
            ask([str(folder / "bin" / "pip"), "install", "--quiet", BEANCOUNT])
        except NotMeasured as failed:
            raise NotMeasured(f"bean-check is not installed ({failed})") from failed
    return found
