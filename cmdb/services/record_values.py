"""Can an incident, a change, a preview or an edit say this, and may it be changed so?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from cmdb.errors import BadValue, IllegalTransition
from cmdb.model.nodes import Node
from cmdb.ports import ChangeUpdate, EditReason, IncidentUpdate

LONGEST_TITLE = 200
LONGEST_TEXT = 20_000
LONGEST_REASON = 1_000
LONGEST_KEY = 200
LONGEST_NAME = 500


def check_aware(field: str, moment: datetime | None) -> datetime | None:
    """Return a time that carries its zone, or None.

    Raises:
        BadValue: It has none.
    """
    if moment is not None and moment.tzinfo is None:
        raise BadValue(field, "it has no time zone", "Write 2026-05-01T22:00Z.")
    return moment


def check_text(field: str, text: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text that is not too long.

    Raises:
        BadValue: It is.
    """
    if len(text) > longest:
        raise BadValue(field, f"it has {len(text)} characters; at most {longest} are allowed")
    return text


def check_title(text: str) -> str:
    """Return a title without spaces around it.

    Raises:
        BadValue: Nothing remains, or too much.
    """
    if not text.strip():
        raise BadValue("title", "it is empty", "Say in a few words what it is about.")
    return check_text("title", text.strip(), LONGEST_TITLE)


def check_name(text: str) -> str:
    """Return the name of a CI.

    Raises:
        BadValue: Nothing remains without spaces, or it is longer than names are kept.
    """
    if not text.strip():
        raise BadValue("name", "a CI needs a name")
    return check_text("name", text, LONGEST_NAME)


def check_edit(edit: EditReason) -> EditReason:
    """Return why and how an edit is made, if it says so in few words.

    Raises:
        BadValue: Its reason or its key is too long.
    """
    check_text("reason", edit.reason, LONGEST_REASON)
    check_text("idempotency_key", edit.idempotency_key, LONGEST_KEY)
    return edit


def check_effect(effect: str, known: Sequence[str]) -> str:
    """Return an effect that can be had.

    Raises:
        BadValue: It is none.
    """
    if effect not in known:
        raise BadValue("effect", f"{effect!r} is none", f"One of {', '.join(known)}.")
    return effect


def begin_update(
    before: Node, update: ChangeUpdate | IncidentUpdate, moves: Mapping[Any, Sequence[str]]
) -> Node:
    """Return a record with the state, title and description of an update, the rest as before.

    Args:
        before: The record as it stands.
        update: What is to become of it.
        moves: The legal moves from each state.

    Raises:
        IllegalTransition: With the legal moves.
        BadValue: From its state there is no move any more, or a text cannot be.
    """
    legal = moves[before.state]
    if update.state is not None and update.state not in legal:
        raise IllegalTransition(f"{before.kind} {before.id}", before.state, update.state, legal)
    if not legal:
        raise BadValue(before.kind, f"{before.id} is {before.state} and does not change any more")
    body = dict(before.body)
    if update.title is not None:
        body["title"] = check_title(update.title)
    if update.description is not None:
        body["description"] = check_text("description", update.description)
    return replace(before, state=update.state or before.state, body=body)
