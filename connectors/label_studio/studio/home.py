"""Where the studio lies: one folder that only its owner may enter.

<home>/venv/          the server's own environment; `labelwright.json` in it is written last
<home>/data/          the server's database, uploads and signing key
<home>/state.json     which process serves where
<home>/secrets.json   password and token, only where no keyring works
<home>/server.log, install.log, lock
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from labelwright.loop.disk import replacing
from labelwright.loop.errors import ConnectorError, LockedError

VERSION = "1.23.2"
"""The server's version that labelwright is tested with, and installs."""
_PATIENCE = 900.0  # seconds: an installation on a slow line, begun by somebody else


@dataclass(frozen=True)
class Home:
    """The studio's files. `venv` may lie elsewhere: several studios can share one installation."""

    folder: Path
    venv: Path

    @property
    def data(self) -> Path:
        """What the server keeps."""
        return self.folder / "data"

    @property
    def state(self) -> Path:
        """Which process serves where."""
        return self.folder / "state.json"

    @property
    def secrets(self) -> Path:
        """Password and token where no keyring works."""
        return self.folder / "secrets.json"

    @property
    def log(self) -> Path:
        """What the server last said."""
        return self.folder / "server.log"

    @property
    def install_log(self) -> Path:
        """What the last installation said."""
        return self.folder / "install.log"

    def make(self) -> None:
        """Make the folder, closed to others. Raises ConnectorError where it cannot be made or is open."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            mode = self.folder.stat().st_mode & 0o777
        except OSError as error:
            raise ConnectorError(
                f"the studio's folder {self.folder} cannot be made: {error.strerror}",
                "set LABELWRIGHT_STUDIO to a folder that you may write",
            ) from error
        if mode & 0o077:
            raise ConnectorError(
                f"others may look into the studio's folder {self.folder} (mode {mode:o})",
                f"chmod 700 {self.folder}",
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only one process at a time installs, starts or stops; the next one waits for it.

        Raises LockedError after a quarter of an hour.
        """
        from filelock import FileLock, Timeout

        self.make()
        lock = FileLock(self.folder / "lock")
        try:
            lock.acquire(timeout=_PATIENCE)
        except Timeout:
            raise LockedError(
                f"another labelwright has been at work in {self.folder} for a long time",
                "wait for it, or end it",
            ) from None
        try:
            yield
        finally:
            lock.release()


def studio_home(environ: Mapping[str, str] = os.environ) -> Home:
    """The user's studio: `LABELWRIGHT_STUDIO`, else `studio` in the user's data folder."""
    folder = environ.get("LABELWRIGHT_STUDIO")
    if not folder:
        from platformdirs import user_data_path

        folder = str(user_data_path("labelwright") / "studio")
    path = Path(folder).expanduser().absolute()
    return Home(path, path / "venv")


def write_private(path: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner alone."""
    with replacing(path, private=True) as file:
        file.write(text.encode())
