"""The start of a command imports only what that command needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import made_ledgers as made
import pytest

PROBE = """
import sys
from svcctl.__main__ import run
code = run(sys.argv[2:], clock=lambda: __import__("datetime").datetime.fromisoformat(sys.argv[1]))
sys.stderr.write("\\n".join(["loaded:", str(code), *sys.modules]))
"""

HEAVY = {
    "yaml",
    "sqlite3",
    "jinja2",
    "tabulate",
    "wcwidth",
    "segno",
    "chinese_calendar",
    "zoneinfo",
    "rich",
    "pydantic",
    "asyncio",
    "unittest",
    "importlib.metadata",
    "http",
    "ssl",
}
SUBJECTS = {"svcctl.desk", "svcctl.ledger", "svcctl.exchange", "svcctl.domain.decide"}

# The words of a command, and the modules it must do without.
STARTS: dict[str, tuple[list[str], set[str]]] = {
    "version": (
        ["--version"],
        HEAVY
        | SUBJECTS
        | {"typer", "click", "gettext", "json", "csv", "subprocess", "tempfile", "svcctl.cli"},
    ),
    "help": (["--help"], HEAVY | SUBJECTS | {"csv", "tempfile", "svcctl.cli.ticket"}),
    "unknown": (["tickt"], HEAVY | SUBJECTS | {"csv", "tempfile", "svcctl.cli.ticket"}),
}


def loaded(words: list[str], cwd: Path) -> tuple[int, set[str]]:
    """The exit code of a command and the modules its process had imported at the end."""
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", PROBE, made.NOW, *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env={
            **environ,
            "LANG": "C",
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        },
        check=True,
    )
    code, *modules = done.stderr.split("loaded:\n", 1)[1].splitlines()
    return int(code), set(modules)


@pytest.mark.parametrize("start", STARTS)
def test_a_command_does_not_import_what_it_does_not_need(start: str, tmp_path: Path) -> None:
    words, unwanted = STARTS[start]
    _code, modules = loaded(words, tmp_path)
    assert "svcctl.__main__" in modules
    assert sorted(unwanted & modules) == []


def test_the_version_needs_two_modules_of_the_project(tmp_path: Path) -> None:
    code, modules = loaded(["--version"], tmp_path)
    assert code == 0
    assert {name for name in modules if name.startswith("svcctl")} == {"svcctl", "svcctl.__main__"}


IN_A_LEDGER: dict[str, tuple[list[str], set[str]]] = {
    "callbacks due": (
        ["callbacks", "due", "-o", "ids"],
        (HEAVY - {"sqlite3", "zoneinfo"})
        | {
            "svcctl.exchange",
            "svcctl.domain.checks",
            "svcctl.domain.obligations",
            "svcctl.domain.judging",
        }
        | {
            "svcctl.domain.calendar",
            "svcctl.domain.replay",
            "svcctl.domain.journals",
            "svcctl.ledger.filling",
            "svcctl.ledger.rows",
        }
        | {"svcctl.views.findings", "csv", "hashlib", "tempfile"},
    ),
    "ticket new": (
        ["ticket", "new", "--kind", "repair", "--customer", "SHA-C0001Z", "--subject", "x"],
        (HEAVY - {"zoneinfo", "yaml", "chinese_calendar"})
        | {"svcctl.exchange", "svcctl.ledger.index", "svcctl.views.findings"},
    ),
}


@pytest.mark.parametrize("start", IN_A_LEDGER)
def test_a_daily_command_does_not_import_what_it_does_not_need(start: str, tmp_path: Path) -> None:
    words, unwanted = IN_A_LEDGER[start]
    root = made.copy(tmp_path / "ledger")
    for _round in range(5000):  # until the index is made and no file is too young to be trusted
        told = json.loads(made.sure(root, "index", "status", "-o", "json").out)["items"][0]
        if not told["reread"]:
            break
    code, modules = loaded(["--ledger", str(root), *words], tmp_path)
    assert code == 0
    assert sorted(unwanted & modules) == []
