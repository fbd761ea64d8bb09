"""One run of the benchmark: options, groups in order, results. Knows no measurement itself."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence

from bench import report
from bench.generate import size_name
from bench.places import CHECKOUT, LATEST, PAGE, WORK, NotMeasured
from bench.promises import PROMISED_SIZE, PROMISES, Row, unmeasured
from bench.rows import GROUPS, Bench

SIZES = (1_000, 10_000, PROMISED_SIZE)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, write. Returns 1 where a promise is not held, else 0."""
    options = _options(argv)
    WORK.mkdir(parents=True, exist_ok=True)
    facts = report.machine()
    bench = Bench(options.sizes, options.quick)
    if os.getloadavg()[0] > 1:
        bench.notes.append("the machine was busy with other work when the run began")
        print(bench.notes[-1])
    rows: list[Row] = []
    for group in options.only or [name for name in GROUPS if name != "floors"]:
        rows += _measure(group, bench)
        results = (rows, bench.times, bench.notes, facts)
        LATEST.write_text(report.as_json(*results), "utf-8")
    os.chdir(CHECKOUT)
    whole = not options.only and not options.quick and tuple(options.sizes) == SIZES
    if whole or options.page:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(report.page(*results), "utf-8")
        print(f"written: {PAGE.relative_to(CHECKOUT)}")
    return 1 if any(row.verdict == "not held" for row in rows) else 0


def _measure(group: str, bench: Bench) -> list[Row]:
    begun, known = time.perf_counter(), len(bench.times)
    try:
        rows = GROUPS[group](bench)
    except NotMeasured as why:
        promised = [name for name, promise in PROMISES.items() if promise.group == group]
        rows = [unmeasured(name, bench.big, str(why)) for name in promised]
    print(f"{group}, {time.perf_counter() - begun:.0f} s", flush=True)
    for row in rows:
        stated = PROMISES[row.promise]
        found = report.spread(row.figure, stated.unit) if row.figure else ""
        print(f"  {report.verdict(row):14} {found:28} {stated.text}", flush=True)
        if row.note:
            print(f"  {'':14} {row.note}", flush=True)
    for one in bench.times[known:]:
        size = size_name(one.size) if one.size else ""
        print(f"    {one.what:16} {size:>5} {1000 * one.figure.median:10.1f} ms", flush=True)
    return rows


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--sizes",
        type=_sizes,
        default=list(SIZES),
        help="ledgers to use, such as 1k,10k (default: 1k,10k,100k)",
    )
    parser.add_argument(
        "--only", action="append", choices=list(GROUPS), help="one group; may be given again"
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument(
        "--page", action="store_true", help="write docs/bench.md even if the run is not a whole one"
    )
    return parser.parse_args(argv)


def _sizes(text: str) -> list[int]:
    sizes = []
    for word in text.split(","):
        digits = word.strip().lower().removesuffix("k")
        if not digits.isdigit() or int(digits) == 0:
            raise argparse.ArgumentTypeError(f"not a number of tickets: {word!r}")
        sizes.append(int(digits) * (1000 if word.strip().lower().endswith("k") else 1))
    return sorted(set(sizes))
