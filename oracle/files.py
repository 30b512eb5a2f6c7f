"""Results on disk: whole, or not there."""

import os
from pathlib import Path


def write_atomically(path: Path, content: str | bytes) -> None:
    """Put ``content`` at ``path`` in one move, so that no reader and no crash ever sees half of it; text as UTF-8.

    A link is followed; what is no regular file (/dev/stdout, a pipe) is written to as it is.

    Raises:
        OSError: the folder is missing or cannot be written to; what stood at ``path`` is still there.
    """
    content = content.encode() if isinstance(content, str) else content
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    path = path.resolve()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
