"""As whom the servers run: as oneself, and never as root, which PostgreSQL refuses."""

import contextlib
import os
import pwd
import shutil
from pathlib import Path

from tokpik.local import Problem
from tokpik.local.checkout import Checkout


def as_servers_user(checkout: Checkout) -> list[str]:
    """What to put before a command so that it does not run as root.

    The other user keeps root's right to pass through folders (a checkout may lie under a 0700 home),
    so that no folder need be opened to everybody.
    """
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if not setpriv:
        raise Problem("PostgreSQL refuses to run as root and there is no setpriv: run as another user.")
    user = servers_user(checkout)
    return [
        setpriv,
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
        "--securebits=+no_setuid_fixup",
    ]


def servers_user(checkout: Checkout) -> pwd.struct_passwd:
    """initdb wants a user whom the system knows by name."""
    for uid in (checkout.owner, 65534):
        with contextlib.suppress(KeyError):
            if uid != 0:
                return pwd.getpwuid(uid)
    return pwd.getpwnam("nobody")


def give_to_servers_user(checkout: Checkout, folder: Path) -> None:
    """As root: PostgreSQL wants to own its data, also when somebody copied or chowned the checkout."""
    if os.geteuid() != 0:
        return
    user = servers_user(checkout)
    if folder.stat().st_uid == user.pw_uid:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
