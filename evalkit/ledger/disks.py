"""Whether a file lies on a disk of another machine, where SQLite's shared memory does not work."""

from __future__ import annotations

import sys
from pathlib import Path

from evalkit.later import later

ctypes = later("ctypes")

MOUNTS = Path("/proc/mounts")
NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "smb2", "afs", "ncpfs", "9p", "ceph", "lustre", "beegfs", "davfs", "vboxsf")
NETWORK_FUSE = ("fuse.sshfs", "fuse.s3fs", "fuse.rclone", "fuse.glusterfs", "fuse.davfs2", "fuse.gvfsd-fuse", "fuse.vmhgfs-fuse")
REMOTE = 4  # DRIVE_REMOTE of GetDriveTypeW


def network_disk(path: Path) -> str:
    """Return the kind of network disk on which a path lies, empty for a disk of this machine.

    On Linux by the type of the file system in ``/proc/mounts``, on Windows by UNC paths and the type of the drive;
    elsewhere nothing is known and the answer is empty.

    Examples
    --------
    >>> network_disk(Path("ledger.sqlite"))
    ''
    """
    if sys.platform == "win32":
        return windows_disk(str(path.absolute()))
    if not MOUNTS.exists():
        return ""
    return mounted_disk(str(path.resolve()), MOUNTS.read_text(encoding="utf-8", errors="replace"))


def mounted_disk(path: str, mounts: str) -> str:
    """Return the network file system of a path from the text of ``/proc/mounts``.

    Parameters
    ----------
    path : str
        Absolute.
    mounts : str
        Lines of device, place, type, options; a blank in a place is written ``\\040``.

    Examples
    --------
    >>> mounts = "/dev/sda1 / ext4 rw 0 0\\nnas:/data /mnt/共享\\\\040盘 nfs4 rw 0 0\\n"
    >>> mounted_disk("/mnt/共享 盘/县/ledger.sqlite", mounts), mounted_disk("/mnt/other", mounts)
    ('nfs4', '')
    """
    kinds = {}
    for line in mounts.splitlines():
        parts = line.split(" ")
        if len(parts) >= 3:
            place = parts[1].replace("\\040", " ").replace("\\011", "\t").rstrip("/")
            if path == place or path.startswith(f"{place}/"):
                kinds[place] = parts[2]
    kind = kinds[max(kinds, key=len)] if kinds else ""
    return kind if kind in NETWORK or kind in NETWORK_FUSE else ""


def windows_disk(path: str) -> str:
    """Return the kind of network disk of an absolute Windows path.

    Examples
    --------
    >>> windows_disk(r"\\\\nas\\评估\\县\\ledger.sqlite")
    'UNC'
    """
    plain = path.replace("/", "\\")
    if (plain.startswith("\\\\") and not plain.startswith(("\\\\?\\", "\\\\.\\"))) or plain.startswith("\\\\?\\UNC\\"):
        return "UNC"
    drive = plain.removeprefix("\\\\?\\")[:2] + "\\"
    system = getattr(ctypes, "windll", None)
    remote = system is not None and system.kernel32.GetDriveTypeW(drive) == REMOTE
    return "网络驱动器" if remote else ""
