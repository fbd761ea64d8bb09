"""Makes a ledger of any number of tickets, the same one each time. Knows the written form of records.

The folder, its git repository, policy, calendar and desk come from ``svcctl init``; cards and
tickets are written here and recorded in one commit. Ledgers are kept below ``bench/.work/ledgers``
under a name that changes with this generator and with what ``svcctl init`` ships.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench import flow
from bench.places import WORK, NotMeasured, ask, environment, last_words, program, svcctl
from svcctl.domain.canonical import case_text, key_line

VERSION = 2
_ROLES = {
    flow.MANAGER: "manager",
    **dict.fromkeys(flow.COORDINATORS, "coordinator"),
    **dict.fromkeys(flow.ENGINEERS, "engineer"),
    **flow.OTHERS,
}
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何"
_MODELS = ("KFR-26", "KFR-35", "KFR-50", "KFR-72")


def size_name(tickets: int) -> str:
    """``1k`` for 1,000."""
    return f"{tickets // 1000}k" if tickets % 1000 == 0 and tickets else str(tickets)


def ledger(tickets: int) -> Path:
    """The ledger of that many tickets, made now where it was not made before.

    Raises ``NotMeasured`` where ``svcctl init`` or git fails.
    """
    root = WORK / "ledgers" / f"{size_name(tickets)}-v{VERSION}-{_shipped()}"
    if (root / ".git" / "bench-ready").exists():
        return root
    shutil.rmtree(root, ignore_errors=True)
    begun = time.perf_counter()
    found(root)
    record(root, f"Generate {tickets} tickets", write_cards(root, tickets), tickets)
    (root / ".git" / "bench-ready").touch()
    print(f"made a ledger of {tickets} tickets in {time.perf_counter() - begun:.0f} s")
    return root


def empty_ledger(root: Path) -> Path:
    """A ledger at ``root`` with its people and nothing else, made anew."""
    shutil.rmtree(root, ignore_errors=True)
    found(root)
    record(root, "Register the staff", staff_cards(root))
    return root


def found(root: Path) -> None:
    """Make the folder a ledger as a user does. Raises ``NotMeasured`` where that fails."""
    root.mkdir(parents=True)
    ask([*svcctl(), "init", ".", "--desk", flow.DESK], cwd=root)


def _shipped() -> str:
    """A digest of the records that ``svcctl init`` makes, without the times in them."""
    root = WORK / "ledgers" / "new"
    shutil.rmtree(root, ignore_errors=True)
    found(root)
    digest = hashlib.sha256()
    for folder in ("policy", "calendar"):
        for path in sorted((root / "records" / folder).rglob("*")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:8]


def staff_cards(root: Path) -> Iterator[str]:
    """Write the cards of the twenty people; gives the paths."""
    for number, (person, role) in enumerate(_ROLES.items()):
        card = {"id": person, "name": f"{_SURNAMES[number]}某", "role": role}
        yield _card(root, f"staff/{person}", card)


def write_cards(root: Path, tickets: int) -> Iterator[str]:
    """Write staff, customers and units; gives the paths relative to the ledger."""
    yield from staff_cards(root)
    for number, customer in enumerate(flow.customer_ids(flow.customers(tickets))):
        surname = _SURNAMES[number % len(_SURNAMES)]
        card = {
            "id": customer,
            "name": f"{surname}客户{number + 1}",
            "phone": f"139{number:08d}",
            "address": f"中山路 {number % 900 + 1} 号",
        }
        yield _card(root, f"customers/{customer}", card)
        serial = flow.unit_id(number)
        unit = {
            "serial": serial,
            "model": _MODELS[number % len(_MODELS)],
            "customer": customer,
            "installed": f"2024-0{number % 4 + 1}-15",
            "warranty": "36mo",
        }
        yield _card(root, f"units/{serial}", unit)


def _card(root: Path, name: str, fields: dict[str, str]) -> str:
    lines = [key_line("format", "1"), *(key_line(key, text) for key, text in fields.items()), ""]
    return write(root, f"records/{name}.yaml", "\n".join(lines).encode())


def write(root: Path, path: str, content: bytes) -> str:
    """Write one new file and return its path."""
    full = f"{root}/{path}"
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "wb") as file:
        file.write(content)
    return path


def write_tickets(root: Path, tickets: int) -> Iterator[str]:
    """Write the tickets; gives the paths relative to the ledger."""
    for path, head, lines in written_stories(tickets):
        yield write(root, path, case_text(head, lines))


def written_stories(tickets: int) -> Iterator[tuple[str, dict[str, str], list[str]]]:
    """Give each ticket's path relative to the ledger, its head and the lines of its events."""
    customers = flow.customer_ids(flow.customers(tickets))
    for story in flow.stories(tickets):
        head = {
            "format": "1",
            "id": story.id,
            "kind": story.kind,
            "opened": story.opened.isoformat(),
            "channel": story.channel,
            "customer": customers[story.customer],
            "unit": flow.unit_id(story.customer),
            "priority": story.priority,
            "subject": story.subject,
        }
        path = f"records/tickets/{story.opened:%Y/%m}/{story.id}.yaml"
        yield path, head, flow.event_lines(story)


def record(root: Path, subject: str, paths: Iterable[str], tickets: int = 0) -> None:
    """Write everything and put it into one commit, as a pack, on the branch that is checked out.

    ``git fast-import`` reads each file as soon as it is written; then git's own index is filled,
    and what git remembers of untracked folders.
    """
    git = program("git")
    branch = ask([git, "symbolic-ref", "HEAD"], cwd=root).decode().strip()
    known = ask([git, "for-each-ref", branch], cwd=root)
    argv = [git, "fast-import", "--quiet"]
    process = subprocess.Popen(
        argv, cwd=root, env=environment(), stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin is not None
    stream = process.stdin
    message = subject.encode()
    stream.write(b"commit %s\n" % branch.encode())
    stream.write(b"committer bench <bench@example.invalid> 1793462400 +0800\n")
    stream.write(b"data %d\n%s\n" % (len(message), message))
    if known:
        stream.write(b"from %s^0\n" % branch.encode())
    for group in (paths, write_tickets(root, tickets) if tickets else ()):
        for path in group:
            content = Path(root, path).read_bytes()
            stream.write(b"M 100644 inline %s\ndata %d\n" % (path.encode(), len(content)))
            stream.write(content + b"\n")
    _, told = process.communicate()
    if process.returncode != 0:
        raise NotMeasured(last_words(argv, process.returncode, told))
    ask([git, "config", "core.untrackedCache", "true"], cwd=root)
    ask([git, "reset", "--quiet"], cwd=root)
    time.sleep(1.1)  # files as new as the index are read again at every status
    ask([git, "update-index", "--refresh", "--force-write-index"], cwd=root)
    ask([git, "status", "--porcelain"], cwd=root)
