"""How do answers reach the terminal: as one JSON document, or as tables and plain lines?"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from cmdb.model.reports import Report
    from cmdb.ports import Progress

PIPE_WIDTH = 120
ID_WIDTH = 36
NARROWEST = 10
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CRITICALITY = {1: "low", 2: "medium", 3: "high", 4: "critical"}


def print_json(document: Any) -> None:
    """Print one JSON document to stdout."""
    print(json.dumps(document, indent=2, ensure_ascii=False))


def print_report(report: Report) -> None:
    """Print a report as one JSON document to stdout."""
    print_json(report.to_json())


def say(message: str) -> None:
    """Print a remark to stderr."""
    print(message, file=sys.stderr)


def console() -> Console:
    """Return the console of stdout; where that is no terminal, lines are wide and plain."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else PIPE_WIDTH
    return Console(width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "", empty: str = ""
) -> None:
    """Print rows as a table under a title; `empty` instead where there is none."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    texts = [[Text(shown(cell), style=_style(cell)) for cell in row] for row in rows]
    out = console()
    for place, column in enumerate(columns):
        # An id is for copying: other columns are broken before it is, if they have any room.
        has_ids = any(_ID.fullmatch(row[place].plain) for row in texts)
        is_whole = has_ids and out.width >= ID_WIDTH + NARROWEST * (len(columns) - 1)
        table.add_column(Text(column), overflow="fold", no_wrap=is_whole)
    for row in texts:
        table.add_row(*row)
    if title:
        out.print(Text(title, style="bold"))
    if table.row_count:
        out.print(table)
    elif empty:
        out.print(empty)


def print_rows(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], notes: Sequence[str], *, title: str
) -> None:
    """Print rows in columns under a title, each with a note of its own below it."""
    from rich.padding import Padding
    from rich.text import Text

    texts = [[Text(shown(cell), style=_style(cell)) for cell in row] for row in rows]
    widths = [
        max(len(heading), *(row[place].cell_len for row in texts))
        for place, heading in enumerate(columns)
    ]
    out = console()
    out.print(Text(title, style="bold"))
    for row, note in zip(
        [[Text(c, style="dim") for c in columns], *texts], ["", *notes], strict=True
    ):
        line = Text("  ")
        for cell, width in zip(row, widths, strict=True):
            cell.pad_right(width - cell.cell_len)
            line.append_text(cell).append("  ")
        line.rstrip()
        out.print(line, soft_wrap=True)
        if note:
            out.print(Padding(Text(shown(note), style="dim"), (0, 0, 0, 6), expand=False))


def print_lines(lines: Iterable[str], *, style: str = "") -> None:
    """Print plain lines."""
    from rich.text import Text

    out = console()
    for line in lines:
        out.print(Text(shown(line), style=style), soft_wrap=True)


def shown(value: Any) -> str:
    """Return any value as text that cannot steer a terminal."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = value if isinstance(value, str) else str(value)
    return "".join(
        sign if sign.isprintable() or sign == "\n" else "\N{REPLACEMENT CHARACTER}" for sign in text
    )


def time_text(moment: datetime | None) -> str:
    """Return a time as people read it, in UTC; a dash for none."""
    if moment is None:
        return "-"
    moment = moment.astimezone(UTC)
    form = "%Y-%m-%d %H:%M:%S UTC" if moment.second else "%Y-%m-%d %H:%M UTC"
    return moment.strftime(form)


def duration_text(seconds: float) -> str:
    """Return a length of time in its two largest units."""
    whole = round(seconds)
    parts = []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        amount, whole = divmod(whole, size)
        if amount:
            parts.append(f"{amount} {unit}")
    return " ".join(parts[:2]) or "0 s"


def plural(count: int, word: str, many: str = "") -> str:
    """Return `1 service`, `2 services`."""
    return f"{count} {word if count == 1 else many or word + 's'}"


@contextmanager
def progress_bar(*, is_wanted: bool = True) -> Iterator[Progress | None]:
    """Lend something to report progress to: a bar on stderr where that is a terminal."""
    if not (is_wanted and sys.stderr.isatty()):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    tasks: dict[str, Any] = {}

    def report(phase: str, done: int, total: int) -> None:
        if phase not in tasks:
            tasks[phase] = bar.add_task(phase, total=None)
        bar.update(tasks[phase], completed=done, total=total or None)

    with bar:
        yield report


_STYLES = {
    "DOWN": "bold red",
    "DEGRADED": "yellow",
    "AT_RISK": "magenta",
    "ok": "green",
    "warning": "yellow",
    "failure": "bold red",
}


def _style(cell: Any) -> str:
    return _STYLES.get(cell, "") if isinstance(cell, str) else ""
