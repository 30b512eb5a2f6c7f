"""Failing calls, kept in the user's cache folder. The next run tries them first.

If the file is damaged or from another version, the store is empty. If the file cannot be written, nothing is saved.
Neither is an error, because the store is only a cache.
"""

import json
import os
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import platformdirs

from cnn_oracle.call import Call, parse
from cnn_oracle.environment import write_atomically

SCHEMA = 1
MOST = 10  # calls of one subject and op

Calls = dict[tuple[str, str], list[Call]]  # by subject and op, the newest first


class Change(NamedTuple):
    """A call that fails now, or one that no longer fails."""

    subject: str
    call: Call
    fails: bool


class Store:
    """The failing calls of one project: the content of its file, and the changes since it was read."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is the folder of the project. Nothing is read or written yet."""
        self.folder = folder
        self._changes: list[Change] = []

    @cached_property
    def path(self) -> Path | None:
        """The project's file in the user's cache folder. It need not exist. None if the user has no cache folder."""
        try:
            folder = Path(os.path.realpath(self.folder))
            cache = platformdirs.user_cache_path("cnn-oracle").expanduser()
        except (OSError, RuntimeError, ValueError):  # the folder is gone, or the home folder unknown
            return None
        short = sha256(os.fsencode(folder)).hexdigest()[:8]
        return cache / "failures" / f"{folder.name[:40]}-{short}.json"

    @cached_property
    def _calls(self) -> Calls:
        return _read(self.path)

    def calls(self, subject: str, op: str) -> list[Call]:
        """The calls of an op on which the subject failed, the newest first.

        They may be out of date: the options of the op, or the calls that PyTorch accepts, may have changed since.
        """
        return [*self._calls.get((subject, op), ())]

    def keep(self, subject: str, call: Call) -> None:
        """Heartbeat that the subject fails on this call. A call that its text does not reproduce is not kept."""
        if _parsed(str(call), call.seed) is not None:
            self._note(Change(subject, call, fails=True))

    def drop(self, subject: str, call: Call) -> None:
        """Heartbeat that the subject no longer fails on this call."""
        self._note(Change(subject, call, fails=False))

    def _note(self, change: Change) -> None:
        if _apply(self._calls, change):
            self._changes.append(change)

    def save(self) -> None:
        """Write the changes atomically. An empty store has no file.

        The file is read again first, so that the calls that another process has saved meanwhile remain.
        """
        if not self._changes or self.path is None:
            return
        calls = _read(self.path)
        before = _to_json(calls)
        for change in self._changes:
            _apply(calls, change)
        with suppress(OSError):
            if not calls:
                self.path.unlink(missing_ok=True)
            elif (after := _to_json(calls)) != before:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(self.path, json.dumps({"schema": SCHEMA, "failures": after}, indent=1) + "\n")
            self._calls, self._changes = calls, []


def _apply(calls: Calls, change: Change) -> bool:
    """Apply a change to ``calls``. Return whether it made a difference."""
    key = change.subject, change.call.op
    kept = calls.get(key, [])
    others = [call for call in kept if (str(call), call.seed) != (str(change.call), change.call.seed)]
    now = [change.call, *others][:MOST] if change.fails else others
    calls[key] = now
    if not now:
        del calls[key]
    return [(str(call), call.seed) for call in now] != [(str(call), call.seed) for call in kept]


def _read(path: Path | None) -> Calls:
    """The calls in a file, without the entries that are not valid. Empty if the file is from another version."""
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8")) if path else None
    except (OSError, ValueError, RecursionError):
        return {}
    calls: Calls = {}
    if isinstance(content, dict) and content.get("schema") == SCHEMA and isinstance(content.get("failures"), list):
        for failure in content["failures"]:
            if not isinstance(failure, dict) or not isinstance(subject := failure.get("subject"), str):
                continue
            if call := _parsed(failure.get("call"), failure.get("seed")):
                calls.setdefault((subject, call.op), []).append(call)
    return {key: some[:MOST] for key, some in calls.items()}


def _parsed(text: Any, seed: Any) -> Call | None:
    """The call in a text. None if it cannot be parsed, for example because an argument is infinite."""
    if not isinstance(text, str) or type(seed) is not int or seed < 0:
        return None
    try:
        return parse(text, seed)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return None


def _to_json(calls: Calls) -> list[dict[str, str | int]]:
    return [
        {"subject": subject, "call": str(call), "seed": call.seed}
        for (subject, _), some in calls.items()
        for call in some
    ]
