"""Run every benchmark and print what it measured, beside its target and its peer.

`CMDB_BENCH_SIZE=smoke` proves in a minute that they run and that their answers are right; `full`
gives the figures of the documentation.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
from pathlib import Path
from typing import Any

BENCHMARKS = (
    "bench_impact", "bench_fast", "bench_snapshot", "bench_import", "bench_start", "bench_serve",
    "bench_api", "bench_anchors", "bench_aralia", "bench_availability",
    "bench_joint_outages", "bench_root_cause",
)  # fmt: skip
HEADER = "| what | figure | target | met |\n|---|---|---|---|\n"


def main() -> int:
    """Run the named benchmarks, or all, and return 1 if an answer was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=BENCHMARKS)
    parser.add_argument("--write", type=Path, help="write the page of figures")
    arguments = parser.parse_args()
    size = os.environ.get("CMDB_BENCH_SIZE", "smoke")
    page = [_introduction(size)]
    for name in arguments.names:
        print(f"== {name} ({size})", flush=True)
        rows = importlib.import_module(f"tests.benchmark.{name}").run(size)
        table = HEADER + "".join(_line(row) for row in rows)
        print(table, flush=True)
        page.append(f"## {name.removeprefix('bench_')}\n\n{table}")
    if arguments.write:
        arguments.write.write_text("\n".join(page))
    return 0


def _line(row: dict[str, Any]) -> str:
    met = "" if row.get("ok") is None else "yes" if row["ok"] else "**no**"
    return f"| {row['what']} | {row['figure']} | {row.get('target', '')} | {met} |\n"


def _introduction(size: str) -> str:
    return (
        "# Benchmarks\n\n"
        f"`CMDB_BENCH_SIZE={size} python -m tests.benchmark` on {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}. Peers run "
        "in the same process or run; ratios travel between machines, times do not. Every benchmark "
        "checks its answers before it prints a figure.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
