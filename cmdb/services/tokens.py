"""Who holds which token, and which still opens anything?

A token is a node: its body tells whose it is, its look-up is the hash of the secret. The secret
itself is shown once, when the token is made; neither it nor its hash is in the log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from uuid_utils import uuid7

from cmdb.errors import BadValue, Conflict, StalePlan, StaleVersion, UnknownRecord
from cmdb.model.access import (
    CreatedToken,
    Identity,
    NewToken,
    Token,
    TokenList,
    hash_secret,
    new_secret,
)
from cmdb.model.changes import Applied, ChangeSet, Stamp
from cmdb.model.inventory import from_epoch_ms, to_epoch_ms
from cmdb.model.nodes import Node, NodeChange, NodeListing
from cmdb.model.rights import ROLES
from cmdb.model.source_records import MANUAL
from cmdb.model.values import canonical_json
from cmdb.ports import EditReason
from cmdb.services.authenticate import ACTIVE, REVOKED, forget_tokens
from cmdb.services.context import Context
from cmdb.services.permit import permit
from cmdb.services.record_values import check_edit

DEFAULT_DAYS = 90
LONGEST_DAYS = 366
_PAGE = 200
_ATTEMPTS = 5
_LONGEST_NAME = 200
_MOST_TEAMS = 100


def whoami(context: Context) -> Identity:
    """Return whom the service takes the caller for."""
    permit(context.caller, "read", "their own rights")
    caller = context.caller
    return Identity(
        caller.actor, _ordered(caller.roles), caller.source, tuple(sorted(caller.teams))
    )


def create_token(context: Context, new: NewToken, reason: EditReason) -> CreatedToken:
    """Make a token and return its secret, this once.

    Raises:
        Forbidden: Only administrators make tokens.
        BadValue: An unknown role, a missing source for an importer, or an end out of bounds.
        Conflict: The idempotency key made a token before; its secret cannot be shown again.
    """
    permit(context.caller, "administer", "tokens")
    now = context.clock.now()
    expires_at = _checked_end(new.expires_at, now)
    _check(new)
    secret = new_secret()
    node = Node(
        "token",
        str(uuid7()),
        0,
        ACTIVE,
        {
            "actor": new.actor.strip(),
            "roles": list(_ordered(new.roles)),
            "source": new.source,
            "teams": sorted(set(new.teams)),
            "created_by": context.caller.actor,
        },
        begin_at=to_epoch_ms(now),
        end_at=to_epoch_ms(expires_at),
        lookup=hash_secret(secret),
    )
    ends_ms = to_epoch_ms(new.expires_at) if new.expires_at else None
    asked = [new.actor, _ordered(new.roles), new.source, sorted(set(new.teams)), ends_ms]
    applied = _write(context, NodeChange(None, node), reason, "create a token", asked)
    if applied.is_repeated:
        made = applied.answer.get("token", "")
        raise Conflict(
            f"This idempotency key made the token {made} before; its secret was shown then and is "
            "kept nowhere. Revoke that token and make another one.",
            token=made,
        )
    return CreatedToken(_shown(context.store.get_nodes("token", [node.id])[node.id]), secret)


def list_tokens(context: Context) -> TokenList:
    """Return the tokens, revoked and expired ones included, newest first."""
    permit(context.caller, "administer", "tokens")
    found: list[Token] = []
    after = ""
    while True:
        page = context.store.list_nodes(NodeListing("token", first=_PAGE, after=after))
        found += [_shown(node) for node in page.nodes]
        if not page.has_next:
            return TokenList(tuple(found))
        after = page.nodes[-1].id


def revoke_token(context: Context, token_id: str, reason: EditReason) -> Token:
    """Return the token, revoked: in this process from now on, in others within seconds.

    Raises:
        UnknownRecord: There is none of that id.
        StaleVersion: It is not at the version that the caller expects.
    """
    permit(context.caller, "administer", "tokens")
    what, facts = "revoke a token", [token_id]
    # A key goes before everything: its first use left the token revoked, at another version.
    if context.store.find_answer(_stamp(context, reason, what, facts)) is not None:
        return _shown(context.store.get_nodes("token", [token_id])[token_id])
    for _ in range(_ATTEMPTS):
        node = context.store.get_nodes("token", [token_id]).get(token_id)
        if node is None:
            raise UnknownRecord("token", token_id)
        if node.state == REVOKED and reason.expected_version in (None, node.version):
            return _shown(node)
        if reason.expected_version not in (None, node.version):
            raise StaleVersion(f"token {token_id}", reason.expected_version or 0, node.version)
        now = to_epoch_ms(context.clock.now())
        after = Node(
            "token",
            node.id,
            0,
            REVOKED,
            {**node.body, "revoked_at": now},
            begin_at=node.begin_at,
            end_at=node.end_at,
            lookup=node.lookup,
        )
        try:
            _write(context, NodeChange(node, after), reason, what, facts)
        except StalePlan:
            continue
        finally:
            forget_tokens(context.store)
        return _shown(context.store.get_nodes("token", [token_id])[token_id])
    raise StalePlan([f"token {token_id}"])


def _write(
    context: Context, change: NodeChange, reason: EditReason, what: str, facts: Sequence[object]
) -> Applied:
    stamp = _stamp(context, reason, what, facts)
    changes = ChangeSet(nodes=(change,))
    return context.store.apply(changes, stamp, answer={"token": change.after.id})


def _stamp(context: Context, reason: EditReason, what: str, facts: Sequence[object]) -> Stamp:
    check_edit(reason)
    request = canonical_json([what, context.caller.actor, list(facts), reason.expected_version])
    return Stamp(
        actor=context.caller.actor,
        source=MANUAL,
        reason=reason.reason or what,
        request_id=reason.request_id,
        idempotency_key=reason.idempotency_key,
        request_digest=hashlib.sha256(request).hexdigest(),
    )


def _check(new: NewToken) -> None:
    _check_text("actor", new.actor)
    unknown = sorted(set(new.roles) - set(ROLES))
    if unknown or not new.roles:
        what = f"there is no role {unknown[0]!r}" if unknown else "a token needs a role"
        raise BadValue("roles", what, f"Some of {', '.join(ROLES)}.")
    is_importer, is_administrator = "importer" in new.roles, "administrator" in new.roles
    if is_importer and not is_administrator and not new.source:
        hint = "Name the data source that it may import."
        raise BadValue("source", "a token of an importer is bound to one data source", hint)
    if new.source:
        _check_text("source", new.source)
        if not (is_importer or is_administrator):
            raise BadValue("source", "only an importer is bound to a data source")
        if new.source == MANUAL:
            raise BadValue("source", f"{MANUAL} stands for edits by hand; nothing imports it")
    if len(new.teams) > _MOST_TEAMS:
        raise BadValue("teams", f"at most {_MOST_TEAMS} can be named")
    for team in new.teams:
        _check_text("teams", team)


def _check_text(field: str, text: str) -> None:
    if not text.strip() or len(text) > _LONGEST_NAME or not text.isprintable():
        raise BadValue(field, f"it must have 1 to {_LONGEST_NAME} printable characters")


def _checked_end(wanted: datetime | None, now: datetime) -> datetime:
    if wanted is None:
        return now + timedelta(days=DEFAULT_DAYS)
    if wanted.tzinfo is None:
        raise BadValue("expires_at", "a time without a zone", "Give an aware time.")
    if wanted <= now:
        raise BadValue("expires_at", "it is in the past")
    if wanted > now + timedelta(days=LONGEST_DAYS):
        raise BadValue("expires_at", f"a token lasts at most {LONGEST_DAYS} days")
    return wanted


def _ordered(roles: Sequence[str] | frozenset[str]) -> tuple[str, ...]:
    return tuple(role for role in ROLES if role in roles)


def _shown(node: Node) -> Token:
    body = node.body
    revoked_at = body.get("revoked_at")
    return Token(
        node.id,
        node.version,
        body["actor"],
        tuple(body["roles"]),
        body["source"],
        tuple(body["teams"]),
        from_epoch_ms(node.created_at),
        body["created_by"],
        from_epoch_ms(node.end_at or 0),
        from_epoch_ms(revoked_at) if revoked_at else None,
    )
