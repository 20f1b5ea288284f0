"""Is what cannot be an input refused, with its place and a way out, by every importer?"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmdb.errors import BadFile
from cmdb.model.records import Importer, ImportInput, ImportOptions
from importers.kubernetes_manifests import IMPORTER as KUBERNETES
from importers.lines import LINE_LIMIT, TextLines, numbered_lines
from importers.reading import InputFile, LimitedReader, open_bytes
from importers.records import IMPORTER as RECORDS
from importers.table import IMPORTER as TABLE
from tests.importers.reading_items import read_bytes, read_path
from tests.peers.unavailable import posix_only

ALL = pytest.mark.parametrize("importer", [KUBERNETES, RECORDS, TABLE], ids=lambda i: str(i.name))
# Whoever may do everything reads files of any mode; whatever is imported late is imported before.
READ_AS_NOBODY = """
import os, sys
from pathlib import Path
from cmdb.bootstrap import load_importer
from cmdb.errors import BadFile
from cmdb.model.records import ImportInput, ImportOptions

importer = load_importer(sys.argv[1])
if os.geteuid() == 0:
    os.seteuid(65534)
try:
    print(list(importer.read(ImportInput(path=Path(sys.argv[2])), ImportOptions(source="test"))))
except BadFile as error:
    print(error.message)
"""


def refusal(importer: Importer, source: ImportInput, options: ImportOptions | None = None) -> str:
    with pytest.raises(BadFile) as refused:
        list(importer.read(source, options or ImportOptions(source="test")))
    return refused.value.message


@ALL
def test_a_missing_file_is_refused(importer: Importer, tmp_path: Path) -> None:
    message = refusal(importer, ImportInput(path=tmp_path / "nothing.yaml"))

    assert message.endswith(
        "nothing.yaml: there is no such file. Check the path. Nothing was written."
    )


@ALL
def test_a_file_where_a_folder_should_be_is_refused(importer: Importer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    assert "there is no such file" in refusal(importer, ImportInput(path=tmp_path / "file" / "x"))


@posix_only
@ALL
def test_a_file_without_permission_is_refused(importer: Importer) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "secret.csv"
        path.write_text('{"format": "cmdb-records", "version": 1}\n')
        Path(folder).chmod(0o755)
        readings = []
        for mode in (0o644, 0):
            path.chmod(mode)
            command = [sys.executable, "-c", READ_AS_NOBODY, importer.name, str(path)]
            ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
            readings.append(ended.stdout + ended.stderr)

    assert "no permission to read it" not in readings[0]
    assert "no permission to read it" in readings[1]


@ALL
@pytest.mark.parametrize("error", [PermissionError(13, "denied"), OSError(5, "Input/output error")])
def test_a_stream_that_fails_is_refused(importer: Importer, error: OSError) -> None:
    class Failing(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise error

    message = refusal(importer, ImportInput(stream=Failing(), name="x"))

    assert ("no permission" in message) == isinstance(error, PermissionError)


@ALL
def test_a_pipe_or_device_is_refused_without_waiting(importer: Importer, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    for path in (pipe, Path("/dev/zero")):
        assert "this is a device, pipe or socket" in refusal(importer, ImportInput(path=path))


@ALL
def test_an_empty_file_is_refused(importer: Importer, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()

    assert "the file is empty" in refusal(importer, ImportInput(path=tmp_path / "empty.csv"))


@ALL
def test_nothing_at_all_is_refused(importer: Importer) -> None:
    assert "there is nothing to read" in refusal(importer, ImportInput())


@ALL
@pytest.mark.parametrize("packed", [b"PK\x03\x04x", b"\x1f\x8bx", b"BZh9", b"\x28\xb5\x2f\xfdx"])
def test_a_packed_file_is_refused(importer: Importer, packed: bytes) -> None:
    with pytest.raises(BadFile, match="Unpack it first"):
        read_bytes(importer, packed)


@ALL
def test_binary_is_refused(importer: Importer) -> None:
    with pytest.raises(BadFile, match="this is a binary file"):
        read_bytes(importer, b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")


@ALL
def test_a_file_over_the_limit_is_refused_before_it_is_read(
    importer: Importer, tmp_path: Path
) -> None:
    path = tmp_path / "big.yaml"
    with path.open("wb") as stream:
        stream.truncate(3 * 2**30)

    assert "the file is larger than" in refusal(importer, ImportInput(path=path))


@ALL
@pytest.mark.parametrize("limit", ["many", "0", "-1", "1" * 30, "²"])
def test_a_limit_that_is_no_number_is_refused(importer: Importer, limit: str) -> None:
    options = ImportOptions(extra={"max_bytes": limit})

    source = ImportInput(stream=io.BytesIO(b"x"))
    assert "is not a number of bytes" in refusal(importer, source, options)


@pytest.mark.parametrize("importer", [RECORDS, TABLE], ids=lambda i: str(i.name))
def test_a_folder_where_a_file_is_needed_is_refused(importer: Importer, tmp_path: Path) -> None:
    assert "this is a folder, a file is needed" in refusal(importer, ImportInput(path=tmp_path))


def test_a_folder_without_manifests_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"the folder holds no \.yaml, \.yml, \.json file"):
        read_path(KUBERNETES, tmp_path)


def test_a_stream_stays_open_and_its_first_bytes_are_read_once() -> None:
    stream = io.BytesIO(b"abc" * 10_000)

    with open_bytes(InputFile("x", stream=stream), 10**6) as reader:
        found = reader.read(10) + reader.readline(100) + reader.read()

    assert found == b"abc" * 10_000
    assert not stream.closed


def limited(data: bytes, limit: int = 10**9) -> LimitedReader:
    return LimitedReader("x", io.BytesIO(data), limit)


def test_lines_across_the_first_bytes_are_whole() -> None:
    lines = [bytes([65 + n % 26]) * (n % 300) + b"\n" for n in range(200)] + [b"last"]

    assert [line for _, line in numbered_lines(limited(b"".join(lines)))] == lines


def test_a_line_without_end_is_refused() -> None:
    class Endless(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return b"x" * (size or 0)

        def readline(self, size: int | None = -1) -> bytes:
            return self.read(size)

    reader = LimitedReader("x", Endless(), 10**9)

    with pytest.raises(BadFile, match="x:1: a line is longer than 16 MiB"):
        list(numbered_lines(reader))
    assert LINE_LIMIT == 16 * 2**20


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_the_encoding_is_recognised(encoding: str) -> None:
    text = "name;ort\nZürich;Genève\n" + "plain ascii words\n" * 20

    assert list(TextLines(limited(text.encode(encoding)))) == text.splitlines(keepends=True)


def test_lines_that_are_not_utf8_are_read_as_western_and_counted() -> None:
    lines = TextLines(limited("a\nZürich\n".encode() + "Genève\n".encode("latin-1") + b"\x81\n"))

    assert list(lines) == ["a\n", "Zürich\n", "Genève\n", "\x81\n"]
    assert (lines.guessed_lines, lines.first_guessed_line) == (2, 3)


def test_bytes_that_do_not_fit_a_declared_encoding_are_refused() -> None:
    lines: Iterator[str] = iter(TextLines(limited(b"a\n\xff\n"), "utf-8"))

    with pytest.raises(BadFile, match="this is not utf-8 text"):
        list(lines)
