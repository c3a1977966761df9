"""A machine with a camera that its kernel knows: Debian's kernel, emulated, with ``vivid``.

``vivid`` is the kernel's own test camera: a V4L2 driver like any other, whose picture, faults and
plug can be worked from outside (Documentation/admin-guide/media/vivid.rst).  The machine shares
this system's files, read only, so a program in it runs as it runs here.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

KERNEL = Path(sys.prefix) / "kernel"
"""What ``scripts/setup --test`` took out of Debian's package of the kernel."""
BUSYBOX = "/bin/busybox"
SECONDS = 900
"""More than any run takes on a busy machine: emulation is slow."""

INIT = """#!{busybox} sh
{busybox} mkdir -p /dev /proc /sys /files /memory /system
{busybox} --install /bin
mount -t devtmpfs devices /dev
modprobe -a virtio_pci 9pnet_virtio 9p overlay
# one device that takes pictures, one that shows them
modprobe vivid n_devs=1 node_types=0x101
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=512000 files /files
mount -t tmpfs memory /memory
mkdir /memory/new /memory/work
mount -t overlay -o lowerdir=/files,upperdir=/memory/new,workdir=/memory/work system /system
mount --move /dev /system/dev
mount -t proc proc /system/proc
mount -t sysfs sys /system/sys
chroot /system /bin/sh -c {command} >/system/dev/ttyS1 || echo "exit $?"
poweroff -f
"""


class MachineError(Exception):
    """The machine did not do what it was made for."""


def run_in_machine(folder: Path, command: str) -> list[str]:
    """Return the lines that a shell command wrote, run as root in a machine made for it.

    ``folder`` keeps what the machine starts with and what its console said.  Raises MachineError,
    with the console's last words, where it fails.
    """
    answers, console = folder / "answers.txt", folder / "console.txt"
    options = {
        "-accel": "tcg",
        "-cpu": "max",
        "-m": "1536",
        "-kernel": str(next((KERNEL / "boot").iterdir())),
        "-initrd": str(_first_files(folder, command)),
        "-append": "console=ttyS0 quiet panic=-1",
        "-virtfs": "local,path=/,mount_tag=files,security_model=none,readonly=on,multidevs=remap",
        "-display": "none",
        "-monitor": "none",
        "-nic": "none",
    }
    machine = ["qemu-system-x86_64", "-no-reboot"]
    machine += [word for option in options.items() for word in option]
    machine += ["-serial", f"file:{console}", "-serial", f"file:{answers}"]
    subprocess.run(machine, check=True, timeout=SECONDS)  # noqa: S603  # our own words
    said = console.read_text(errors="replace")
    if "exit " in said or not answers.stat().st_size:
        raise MachineError(said[-4000:])
    return answers.read_text().splitlines()


def _first_files(folder: Path, command: str) -> Path:
    """Pack what the kernel starts with: busybox, the modules, and what is to be done."""
    files = folder / "first"
    shutil.copytree(KERNEL / "lib", files / "lib")
    (files / "bin").mkdir()
    shutil.copy(BUSYBOX, files / "bin")
    init = files / "init"
    init.write_text(INIT.format(busybox=BUSYBOX, command=shlex.quote(command)))
    init.chmod(0o755)
    names = "\n".join(str(path.relative_to(files)) for path in sorted(files.rglob("*")))
    archive = folder / "first.cpio"
    with archive.open("wb") as out:
        pack = [BUSYBOX, "cpio", "-o", "-H", "newc"]
        subprocess.run(pack, cwd=files, input=names.encode(), stdout=out, check=True)  # noqa: S603
    return archive
