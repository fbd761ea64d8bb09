"""The results as a page and as JSON, and the facts of the machine. Knows nothing of how they came."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.generate import size_name
from bench.peers import versions
from bench.promises import PROMISED_SIZE, PROMISES, Row
from bench.rows import Timed
from bench.timing import Figure


def machine() -> dict[str, str]:
    """What a reader must know of the machine to compare: no names, no paths."""
    facts = {
        "date": date.today().isoformat(),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "load before": f"{os.getloadavg()[0]:.1f}",
    }
    for name in ("svcctl", "typer", "click", "pyyaml"):
        try:
            facts[name] = version(name)
        except PackageNotFoundError:
            facts[name] = "from the checkout"
    return {**facts, **versions()}


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass  # not Linux: the next line knows as much as there is to know
    return platform.processor() or "unknown"


def number(value: float, unit: str) -> str:
    """``1.24x``, ``13.1 s``, ``2.9 ms``, ``83 MB``."""
    if unit == "x":
        return f"{value:.2f}x"
    return f"{value:.1f} {unit}" if unit in ("s", "ms") else f"{value:.0f} {unit}"


def spread(figure: Figure, unit: str) -> str:
    """Median and, in brackets, the extremes."""
    low, high = number(figure.low, unit), number(figure.high, unit)
    return f"{number(figure.median, unit)} ({low} to {high})"


def verdict(row: Row) -> str:
    """The verdict, with the size where it is not the promised one."""
    if row.figure is None or not PROMISES[row.promise].sized or row.size == PROMISED_SIZE:
        return row.verdict
    return f"{row.verdict} at {size_name(row.size)}"


def page(
    rows: Sequence[Row], times: Sequence[Timed], notes: Sequence[str], facts: dict[str, str]
) -> str:
    """The results as Markdown."""
    lines = [
        "# Benchmark",
        "",
        "Written by `make bench`; not edited by hand. Each figure is the median over rounds in which",
        "all programs of a group ran one after the other, forwards and backwards in turn, with the",
        "lowest and the highest in brackets. Times are those of whole processes. Absolute times drift",
        "with the machine; the ratios are what is promised.",
        "",
        "## Promises",
        "",
        "| promise | found | limit | verdict | |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        stated = PROMISES[row.promise]
        found = spread(row.figure, stated.unit) if row.figure else ""
        limit = ("< " if stated.below else "≤ ") + number(stated.limit, stated.unit)
        lines.append(_line(stated.text, found, limit, verdict(row), row.note))
    lines += ["", "## Times", ""]
    lines += [
        "| group | program | tickets | median ms | lowest | highest | processor ms | rounds |"
    ]
    lines += ["|---|---|---:|---:|---:|---:|---:|---:|"]
    for group, what, size, figure, processor in times:
        ms = [f"{1000 * value:.1f}" for value in (*figure[:3], processor)]
        lines.append(
            _line(
                group,
                what.replace("_", " "),
                size_name(size) if size else "",
                *ms,
                str(figure.rounds),
            )
        )
    lines += [
        "",
        "`typer` is an empty Typer program, `status` the one `git status` svcctl asks for, `status",
        "records` the same limited to `-- ./records`, `plumbing` update-index, write-tree,",
        "commit-tree and update-ref, flushed to disk as svcctl flushes. The peers hold the same",
        "tickets: Taskwarrior as tasks (those open pending, those that owe a callback overdue), the",
        "sqlite3 shell as rows, hledger and Beancount as transactions.",
        "",
        "## Machine",
        "",
        "| | |",
        "|---|---|",
    ]
    lines += [_line(name, fact) for name, fact in facts.items()]
    lines += ["", *(f"* {note}" for note in notes), ""]
    return "\n".join(lines)


def _line(*cells: str) -> str:
    """One line of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def as_json(
    rows: Sequence[Row], times: Sequence[Timed], notes: Sequence[str], facts: dict[str, str]
) -> str:
    """The same for programs."""
    return json.dumps(
        {
            "arguments": sys.argv[1:],
            "machine": facts,
            "rows": [
                {
                    **row._asdict(),
                    "limit": PROMISES[row.promise].limit,
                    "unit": PROMISES[row.promise].unit,
                    "figure": row.figure._asdict() if row.figure else None,
                }
                for row in rows
            ],
            "times": [{**one._asdict(), "figure": one.figure._asdict()} for one in times],
            "notes": list(notes),
        },
        ensure_ascii=False,
        indent=1,
    )
