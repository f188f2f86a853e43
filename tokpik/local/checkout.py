"""Where a checkout keeps what it runs: its state in `.local/`, its sockets in a short folder."""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tokpik.local import Problem

# Not TMPDIR: it may differ between two shells, which must find the same servers, and it may be too
# long for a Unix socket (107 bytes).
TEMPORARY = Path("/tmp")  # noqa: S108 (the folder in it is checked to be ours alone)


@dataclass(frozen=True)
class Checkout:
    """Addresses are a pure function of the folder and its user, so that nothing need be recorded."""

    root: Path

    @property
    def local(self) -> Path:
        return self.root / ".local"

    @property
    def owner(self) -> int:
        """The uid whose servers these are. Root in somebody's checkout shares theirs."""
        try:
            return self.local.stat().st_uid
        except FileNotFoundError:
            return os.geteuid()

    @property
    def sockets(self) -> Path:
        digest = hashlib.sha256(os.fsencode(os.path.realpath(self.root))).hexdigest()[:12]
        return TEMPORARY / f"tokpik-{self.owner}-{digest}"

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def postgres_socket(self) -> Path:
        return self.sockets / ".s.PGSQL.5432"

    def database_url(self) -> str:
        return f"postgresql://tokpik:@/tokpik?host={self.sockets}"

    def redis_url(self) -> str:
        return f"unix://{self.valkey_socket}?db=0"

    def make_local(self) -> None:
        self.local.mkdir(mode=0o755, exist_ok=True)
        if os.geteuid() not in (0, self.owner):
            raise Problem(f"{self.local} belongs to another user: run as that user, or delete it.")

    @contextmanager
    def open(self, name: str) -> Iterator[int]:
        """A file of `.local`, made where it is missing. What root makes, the owner can use too."""
        file = os.open(self.local / name, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if os.geteuid() == 0:
                os.fchown(file, self.owner, -1)
            yield file
        finally:
            os.close(file)

    def make_sockets(self) -> None:
        """Whoever can enter this folder is superuser of the database, so it must be ours alone."""
        try:
            self.sockets.mkdir(mode=0o700)
            os.chown(self.sockets, self.owner, -1)
        except FileExistsError:
            found = self.sockets.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != self.owner or found.st_mode & 0o077:
                raise Problem(
                    f"{self.sockets} is open to others or belongs to another user: delete it and try again."
                ) from None


HERE = Checkout(Path(__file__).resolve().parents[2])
