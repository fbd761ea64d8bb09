"""The command lines of svcctl that are measured. Knows how they are typed, not how fast they are."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from bench import flow
from bench.places import (
    FOREIGN_MAP,
    FOREIGN_ROWS,
    NotMeasured,
    ask,
    environment,
    last_words,
    svcctl,
)
from bench.timing import Command

FINDINGS = (0, 1)


def command(root: Path, *words: str, ok: tuple[int, ...] = (0,)) -> Command:
    """One command of svcctl in the ledger at ``root``."""
    return Command([*svcctl(), *words], root, ok)


def new_ticket(root: Path, *words: str) -> Command:
    """``ticket new`` for the first customer, complete, so that nothing is asked."""
    fields = {
        "kind": "repair",
        "customer": flow.customer_ids(1)[0],
        "unit": flow.unit_id(0),
        "channel": "phone",
        "subject": "不制冷",
        "by": flow.COORDINATORS[0],
    }
    flags = [word for key, text in fields.items() for word in (f"--{key}", text)]
    return command(root, "ticket", "new", *flags, *words)


def import_rows(root: Path) -> Command:
    """The import of the real rows. Raises ``NotMeasured`` where rows or map are absent."""
    for path in (FOREIGN_ROWS, FOREIGN_MAP):
        if not path.exists():
            raise NotMeasured(f"{path.name} is not there")
    words = ["import", "tickets", str(FOREIGN_ROWS), "--map", str(FOREIGN_MAP)]
    return command(root, *words, "--by", flow.COORDINATORS[0])


def callbacks_owed(root: Path) -> int:
    """How many lines ``callbacks due -o ids`` prints."""
    return len(ask([*svcctl(), "callbacks", "due", "-o", "ids"], cwd=root).split())


def some_ticket(root: Path) -> str:
    """The id of the first open ticket."""
    return ask([*svcctl(), "ticket", "list", "-o", "ids"], cwd=root).decode().split()[0]


def verify(root: Path) -> str:
    """Let svcctl audit a generated ledger: how many findings of which code it has.

    Findings of the service rules are wanted. Raises ``NotMeasured`` where a file itself is wrong:
    nothing would be measured but the handling of errors.
    """
    argv = [*svcctl(), "audit", "-o", "json"]
    done = subprocess.run(argv, cwd=root, env=environment(), capture_output=True, check=False)
    if done.returncode not in FINDINGS:
        raise NotMeasured(last_words(argv, done.returncode, done.stderr))
    codes: dict[str, int] = {}
    for item in json.loads(done.stdout)["items"]:
        codes[item["code"]] = codes.get(item["code"], 0) + 1
    broken = [code for code in codes if code[:2] in ("E1", "E2", "E3")]
    if broken:
        raise NotMeasured(f"the generated ledger has findings {', '.join(sorted(broken))}")
    return ", ".join(f"{code} {count}" for code, count in sorted(codes.items())) or "none"
