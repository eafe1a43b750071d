"""Studies in a file, which several processes extend at the same time: a journal of Optuna's."""

import json
import os
from pathlib import Path

from dlcourse.checks import choice
from dlcourse.tuning.optuna import DIRECTIONS, load, quiet, study_in


def shared_study(path, name="search", direction="minimize"):
    """Open a study kept in a file, which any number of processes may open, extend and read at the same time.

    Call it with the same path and name in each process, also on another machine that sees the file, and pass the study
    to `search`. Optuna's journal appends every event; a lock keeps the writers apart. A process that is killed loses
    the trial it was running and nothing else. (If it held the lock, the others wait 30 seconds, then take it.)

    Args:
        path: The file. It is made if it is not there; its folder must be.
        name: The study's name; one file may hold several.
        direction: "minimize" or "maximize".

    Returns an `optuna.Study`.
    Raises FileNotFoundError if the folder is not there, ValueError if the file is no journal or is damaged (the message
    names the line) or the study in it has the other direction.
    Taught in notebook 2-3, section 2.5.
    """
    if not isinstance(path, str | os.PathLike):
        raise ValueError(f"path: expected the path of a file, got {path!r:.80}")
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"path: expected a file in a folder that exists, got {path}")
    if path.exists() and not path.is_file():
        raise ValueError(f"path: expected a file, got {path}, which is none")
    if not isinstance(name, str):
        raise ValueError(f"name: expected a string, got {name!r:.80}")
    choice("direction", direction, DIRECTIONS)
    with quiet() as optuna:
        journal = optuna.storages.journal
        # Symbolic links are a lock on every network file system, but Windows asks for a privilege to make one.
        lock = (journal.JournalFileOpenLock if os.name == "nt" else journal.JournalFileSymlinkLock)(str(path))
        if path.exists():
            _mend(path, lock)
            _read(path)
        storage = optuna.storages.JournalStorage(journal.JournalFileBackend(str(path), lock_obj=lock))
        study = optuna.create_study(storage=storage, study_name=name, direction=direction, load_if_exists=True)
    return study_in(study, direction)


def _mend(path, lock):
    """Cut off a last line that a killed process left unfinished: Optuna would append to it and never read on."""
    lock.acquire()
    try:
        content = path.read_bytes()
        if content and not content.startswith(b'{"op_code":'):
            raise ValueError(f"path: expected a journal of Optuna's, got {path}, which begins {content[:20]!r}")
        if not content.endswith(b"\n"):
            os.truncate(path, content.rfind(b"\n") + 1)
    finally:
        lock.release()


def _read(path):
    """Refuse a journal that Optuna cannot read, and name the first line that it stumbles over."""
    storages, content = load().storages, path.read_bytes()
    lines = content[: content.rfind(b"\n") + 1].splitlines()  # another process may be about to write one more
    at = 0

    class Lines(storages.journal.BaseJournalBackend):
        def read_logs(self, log_number_from):
            nonlocal at
            for at, line in enumerate(lines[log_number_from:], log_number_from):  # noqa: B007
                yield json.loads(line)

        def append_logs(self, logs):
            raise NotImplementedError

    try:
        storages.JournalStorage(Lines())
    except Exception:  # whatever a line makes Optuna or json raise: KeyError, AssertionError, UnicodeDecodeError, …
        found = f"{path}, whose line {at + 1} is {lines[at][:60]!r}"
        raise ValueError(
            f"path: expected a journal of Optuna's, undamaged, got {found}; the lines before it are whole"
        ) from None
