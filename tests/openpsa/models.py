"""Where are the public models, and how is a small one written?"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impact.openpsa import Model, read_model
from tests.peers.unavailable import skip_for_good

ARALIA = Path(__file__).resolve().parents[3] / "shared" / "data" / "aralia"


@dataclass(frozen=True)
class Answer:
    """What is known of a public model."""

    name: str
    probability: float | None
    minimal_cut_sets: int | None


def answers() -> list[Answer]:
    """Return what is known of each public model, none where the files are not here."""
    if not ARALIA.exists():
        return []
    known: dict[str, dict[str, Any]] = json.loads((ARALIA / "answers.json").read_text("utf-8"))[
        "models"
    ]
    return [
        Answer(name, found["probability"], found.get("minimal_cut_sets"))
        for name, found in known.items()
    ]


def public_model(name: str) -> Model:
    """Return a public model; skips loudly where the files are not here."""
    path = ARALIA / f"{name}.xml"
    if not path.exists():
        skip_for_good(f"the real file {path.name} is not here")
    return read_model(path)


def model_of(body: str, **settings: Any) -> Model:
    """Return the model of a text, which may leave out what stands around definitions."""
    text = f"<opsa-mef>\n{body}\n</opsa-mef>"
    return read_model(io.BytesIO(text.encode()), **settings)
