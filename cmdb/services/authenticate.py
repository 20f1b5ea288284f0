"""Whom does a secret stand for?

Answers are remembered for a few seconds, so that a request does not cost a read of the database. A
token revoked in this process is forgotten at once; one revoked by another replica opens nothing
any more after `KEPT_SECONDS`. The end of a token is checked each time.
"""

from __future__ import annotations

import hmac
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from cmdb.errors import Unauthenticated
from cmdb.model.access import TOKEN_PREFIX, hash_secret
from cmdb.model.inventory import to_epoch_ms
from cmdb.model.nodes import Node
from cmdb.model.rights import Caller
from cmdb.ports import Clock, Store

ACTIVE, REVOKED = "active", "revoked"
KEPT_SECONDS = 5.0
MOST_KEPT = 1_000
_LONGEST_SECRET = 200
# One reason for all: who holds no token that opens anything learns nothing of those that do.
_REFUSED = "the token is unknown, expired or revoked"


def authenticate(store: Store, clock: Clock, secret: str) -> Caller:
    """Return whom a token stands for.

    Raises:
        Unauthenticated: There is none, or it is unknown, expired or revoked.
    """
    if not secret:
        raise Unauthenticated
    if not secret.startswith(TOKEN_PREFIX) or len(secret) > _LONGEST_SECRET:
        raise Unauthenticated(_REFUSED)
    remembered = _memory_of(store)
    digest = hash_secret(secret)
    found = remembered.get(digest)
    if found is None:
        before = remembered.forgotten
        node = store.find_node("token", digest)
        # What was looked up is a hash of 256 random bits, so its timing tells nothing; that the
        # row found is the one asked for is compared all the same, and in constant time.
        if node is None or not hmac.compare_digest(node.lookup, digest) or node.state != ACTIVE:
            raise Unauthenticated(_REFUSED)
        found = _Known(_caller_of(node), node.end_at or 0)
        remembered.put(digest, found, before)
    if found.ends_at <= to_epoch_ms(clock.now()):
        raise Unauthenticated(_REFUSED)
    return found.caller


def forget_tokens(store: Store) -> None:
    """Look every token of this store up again when it is presented next."""
    _memory_of(store).clear()


@dataclass(frozen=True, slots=True)
class _Known:
    caller: Caller
    ends_at: int


class _Memory:
    """The callers of the last few seconds, by hash of the secret; safe for many threads.

    Attributes:
        forgotten: How often all was forgotten; an answer read before that is not kept.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.forgotten = 0
        self._now = now
        self._kept: OrderedDict[str, tuple[float, _Known]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, digest: str) -> _Known | None:
        """Return what is remembered and still fresh."""
        with self._lock:
            held = self._kept.get(digest)
            if held is None:
                return None
            until, known = held
            if self._now() < until:
                return known
            del self._kept[digest]
            return None

    def put(self, digest: str, known: _Known, forgotten: int) -> None:
        """Remember, unless all was forgotten since `forgotten` was read."""
        with self._lock:
            if forgotten != self.forgotten:
                return
            self._kept[digest] = (self._now() + KEPT_SECONDS, known)
            self._kept.move_to_end(digest)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forget everything, what is being looked up right now too."""
        with self._lock:
            self.forgotten += 1
            self._kept.clear()


_memories: weakref.WeakKeyDictionary[Store, _Memory] = weakref.WeakKeyDictionary()
_making = threading.Lock()


def _memory_of(store: Store) -> _Memory:
    with _making:
        # Who revokes has a store for one request; what is remembered belongs to all of them.
        return _memories.setdefault(store.origin, _Memory())


def _caller_of(node: Node) -> Caller:
    body = node.body
    roles, teams = frozenset(body["roles"]), frozenset(body["teams"])
    return Caller(body["actor"], roles, body["source"], teams)
