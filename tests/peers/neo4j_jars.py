"""Where do the jars of a Neo4j community server come from? Maven fetches them into a cache."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from filelock import FileLock

from tests.peers.unavailable import PeerUnavailable

_POM = """\
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>test</groupId><artifactId>peer</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.neo4j.app</groupId><artifactId>neo4j-server</artifactId>
      <version>{version}</version>
    </dependency>
    <dependency>
      <groupId>org.neo4j</groupId><artifactId>neo4j</artifactId>
      <version>{version}</version>
    </dependency>
  </dependencies>
</project>
"""


def neo4j_jars(version: str) -> Path:
    """The folder with the jars of that version; the first call takes some minutes.

    Raises:
        PeerUnavailable: not in the cache, and Maven is missing or cannot fetch them.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cmdb-test"
    folder = base / f"neo4j-{version}"
    base.mkdir(parents=True, exist_ok=True)
    with FileLock(base / f"neo4j-{version}.lock"):
        if not folder.is_dir():
            _fetch(version, folder)
    return folder


def _fetch(version: str, folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise PeerUnavailable(f"Neo4j {version}: no jars in {folder} and no Maven to fetch them")
    work = folder.with_name(folder.name + ".partial")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    (work / "pom.xml").write_text(_POM.format(version=version), encoding="utf-8")
    command = [maven, "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=jars"]
    done = subprocess.run(
        command, cwd=work, capture_output=True, text=True, timeout=900, check=False
    )
    if done.returncode != 0:
        last = done.stdout.strip().splitlines()[-1:] or done.stderr.strip().splitlines()[-1:]
        raise PeerUnavailable(f"Neo4j {version}: Maven cannot fetch the jars: {' '.join(last)}")
    # Renamed only when complete: an interrupted fetch is never taken for a whole one.
    (work / "jars").rename(folder)
    shutil.rmtree(work)
