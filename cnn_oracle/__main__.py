"""``cnn-oracle``, and ``python -m cnn_oracle``. Commands that run a subject run in a child, which reports its status.

A subject can end its process at any time: by ``os._exit(0)``, by a segmentation fault, in a thread or in ``atexit``. So
the exit status is what the child has reported at its very end. Without a report, it is 1. This process imports neither
torch nor NumPy.
"""

import os
import signal
import sys
from contextlib import suppress
from typing import Any

RUN_A_SUBJECT = ("verify", "exhaust", "probe")
PASSED_ON = (signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    """Run a command line, and exit with its status."""
    if not sys.argv[1:] or sys.argv[1] not in RUN_A_SUBJECT or "--help" in sys.argv:
        from cnn_oracle.cli import main

        main()
    else:
        sys.exit(supervise(sys.argv[1:]))


def supervise(arguments: list[str]) -> int:
    """Run a command line in a child process.

    The child has this process's terminal, streams, folder and import path. Signals are passed on to it.

    Args:
        arguments: The command line, without the name of the program.

    Returns:
        The status that the child reported. 1, and one line on standard error, if it ended without a report.
    """
    import socket
    import subprocess

    ours, theirs = socket.socketpair()
    code = f"import sys; sys.path[:] = {sys.path!r}; from cnn_oracle.__main__ import child; child({theirs.fileno()})"
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    process = subprocess.Popen([sys.executable, *flags, "-c", code, *arguments], pass_fds=[theirs.fileno()])
    theirs.close()
    got = list[int]()

    def pass_on(number: int, _: Any) -> None:
        got.append(number)
        if number != signal.SIGINT or not _is_in_front():  # Ctrl-C reaches the child, too
            process.send_signal(number)

    for number in (signal.SIGINT, *PASSED_ON):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, pass_on)
    process.wait()
    ours.setblocking(False)
    with suppress(BlockingIOError, ConnectionError):
        if report := ours.recv(16):
            return int(report)
    if -process.returncode in got:  # as if the signal had ended this process
        signal.signal(-process.returncode, signal.SIG_DFL)
        os.kill(os.getpid(), -process.returncode)
    how = f"with status {process.returncode}"
    if process.returncode < 0:
        how = f"by {signal.Signals(-process.returncode).name}"
    says = f"the process ended {how} before its verdict; the subject may have ended it: --isolate says at which call"
    sys.stderr.write(f"cnn-oracle: {says}\n")
    return 1


def child(pipe: int) -> None:
    """Run the command line of this process, and report its status to the process that waits for it.

    Args:
        pipe: The file descriptor of the socket to that process.
    """
    import threading

    from cnn_oracle.cli import main

    os.set_inheritable(pipe, False)
    own = os.getpid()
    threading.Thread(target=_end_with, args=(pipe,), daemon=True).start()
    try:
        main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:  # the reader has closed it
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
                status = status or 1
        if os.getpid() == own:  # no copy of this process, which a subject has forked
            with suppress(OSError):
                os.write(pipe, str(status).encode())
        raise


def _end_with(pipe: int) -> None:
    """End this process when the one that waits for it ends."""
    with suppress(OSError):
        os.read(pipe, 1)
    os._exit(1)


def _is_in_front() -> bool:
    """Whether this process belongs to the foreground of its terminal, whose Ctrl-C all of its processes receive."""
    for stream in (0, 1, 2):
        with suppress(OSError):
            return os.tcgetpgrp(stream) == os.getpgrp()
    return False


if __name__ == "__main__":
    main()
