"""Where the bench works and in which environment its programs run. Knows nothing it measures.

Everything lies below ``bench/.work/``, which may be deleted at any time.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
WORK = CHECKOUT / "bench" / ".work"
FOREIGN_ROWS = CHECKOUT.parent / "shared" / "data" / "uci_incidents_one_row_each.csv"
FOREIGN_MAP = CHECKOUT / "docs" / "examples" / "uci-map.yaml"
PAGE = CHECKOUT / "docs" / "bench.md"
LATEST = WORK / "latest.json"


class NotMeasured(Exception):
    """Why a figure cannot be taken here: a program is absent, or ended as it should not."""


def environment() -> dict[str, str]:
    """The environment of every measured program: a home of its own, no settings of the user."""
    home = WORK / "home"
    home.mkdir(parents=True, exist_ok=True)
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.fspath(home),
        "XDG_CONFIG_HOME": os.fspath(home / ".config"),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "Asia/Shanghai",
        "PYTHONPATH": os.fspath(CHECKOUT),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }


def program(name: str) -> str:
    """The full path of a program. Raises ``NotMeasured`` where it is not installed."""
    found = shutil.which(name)
    if found is None:
        raise NotMeasured(f"{name} is not installed")
    return found


def svcctl() -> list[str]:
    """How a user starts svcctl: the console script beside this Python, else its like."""
    script = Path(sys.executable).parent / "svcctl"
    if script.exists():
        return [os.fspath(script)]
    WORK.mkdir(parents=True, exist_ok=True)
    script = WORK / "svcctl"
    if not script.exists():
        script.write_text(
            "import sys\nfrom svcctl.__main__ import main\nsys.exit(main())\n", "utf-8"
        )
    return [sys.executable, os.fspath(script)]


def ask(argv: Sequence[str], cwd: Path | None = None, *, fed: bytes = b"") -> bytes:
    """Run a program to prepare or to verify something and return what it printed.

    Raises ``NotMeasured`` with its last words where it fails.
    """
    done = subprocess.run(
        list(argv), cwd=cwd, env=environment(), input=fed, capture_output=True, check=False
    )
    if done.returncode != 0:
        raise NotMeasured(last_words(argv, done.returncode, done.stderr or done.stdout))
    return done.stdout


def last_words(argv: Sequence[str], code: int, told: bytes) -> str:
    """One line that says which program ended how."""
    lines = [line for line in told.decode("utf-8", "replace").splitlines() if line.strip()]
    name = " ".join([Path(argv[0]).name, *argv[1:4]])
    return f"`{name}` ended with {code}: {lines[-1].strip()[:160] if lines else 'nothing printed'}"
