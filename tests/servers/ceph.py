"""Ceph's RADOS gateway, a real S3 server, with its storage in memory.

One monitor, one object storage daemon with a memory store, one gateway; about ten seconds to start. From Debian:
`radosgw ceph-mon ceph-osd` (tests/servers/install).
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from typing import TYPE_CHECKING

from tests.servers.process import HOST, Processes, answers, free_port

if TYPE_CHECKING:
    from pathlib import Path

PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")
KEY, SECRET = "wbtablekey", "wbtablesecret"


def missing() -> list[str]:
    """Return the programs that are not installed."""
    path = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"
    return [name for name in PROGRAMS if shutil.which(name, path=path) is None]


class Ceph:
    """A cluster of one, with a gateway.

    Attributes:
        endpoint: the gateway's URL.

    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes = Processes(folder)
        self.endpoint = f"http://{HOST}:{free_port()}"

    def start(self) -> None:
        """Start everything; returns when the gateway answers."""
        monitor, fsid = free_port(), str(uuid.uuid4())
        configuration = self._configure(monitor, fsid)
        both = ("-c", str(configuration))
        monmap = str(self.folder / "monmap")
        one = f"[v1:{HOST}:{monitor}]"
        self.processes.run(["monmaptool", "--create", "--clobber", "--fsid", fsid, "--addv", "a", one, monmap])
        self.processes.run(["ceph-mon", *both, "--mkfs", "-i", "a", "--monmap", monmap])
        self.processes.start("monitor", ["ceph-mon", *both, "-i", "a", "-f"])
        # Without authentication a program may speak to the monitor before it was told which cluster it is in, and is
        # sent away ("wrong fsid"): it has to come again.
        self.processes.run_until(["ceph", *both, "--connect-timeout", "30", "osd", "new", (osd := str(uuid.uuid4()))])
        self.processes.run(["ceph-osd", *both, "-i", "0", "--mkfs", "--osd-uuid", osd, "--monmap", monmap])
        self.processes.start_until("storage", ["ceph-osd", *both, "-i", "0", "-f"], self._has_storage)
        user = ["radosgw-admin", *both, "user", "create", "--uid", "tests", "--display-name", "tests"]
        self.processes.run_until([*user, "--access-key", KEY, "--secret-key", SECRET])
        self.processes.start_until(
            "gateway", ["radosgw", *both, "-n", "client.rgw", "-f"], lambda: answers(self.endpoint)
        )

    def stop(self) -> None:
        """End everything."""
        self.processes.stop()

    def options(self) -> dict[str, object]:
        """Return the storage options of the gateway."""
        return {"key": KEY, "secret": SECRET, "endpoint_url": self.endpoint}

    def _has_storage(self) -> bool:
        said = json.loads(
            self.processes.run_until(["ceph", "-c", str(self.folder / "ceph.conf"), "status", "--format", "json"])
        )
        return bool(said["osdmap"]["num_up_osds"])

    def _configure(self, monitor: int, fsid: str) -> Path:
        folder, port = self.folder, self.endpoint.rpartition(":")[2]
        for name in ("mon", "osd", "run"):
            (folder / name).mkdir()
        lines = [
            "[global]",
            f"fsid = {fsid}",
            f"mon host = [v1:{HOST}:{monitor}]",
            "mon initial members = a",
            "auth cluster required = none",
            "auth service required = none",
            "auth client required = none",
            # The gateway wants encryption, which needs authentication.
            "ms mon client mode = crc secure",
            "ms bind msgr2 = false",
            f"run dir = {folder}/run",
            f"admin socket = {folder}/run/$cluster-$name.asok",
            f"log file = {folder}/$name.daemon.log",
            f"crash dir = {folder}/run",
            "keyring = /dev/null",
            "public network = 127.0.0.0/8",
            "osd pool default size = 1",
            "osd pool default min size = 1",
            "osd pool default pg num = 8",
            "osd crush chooseleaf type = 0",
            "mon allow pool size one = true",
            "mon warn on pool no redundancy = false",
            "mon max pg per osd = 2000",
            "osd objectstore = memstore",
            "memstore device bytes = 4294967296",
            "osd crush update on start = true",
            "[mon]",
            f"mon data = {folder}/mon/a",
            "[mon.a]",
            f"public addr = v1:{HOST}:{monitor}",
            "[osd]",
            f"osd data = {folder}/osd",
            "osd class load list = *",
            "osd class default list = *",
            f"public bind addr = {HOST}",
            "[client.rgw]",
            f"rgw frontends = beast endpoint={HOST}:{port}",
            "rgw enable usage log = false",
            "rgw dynamic resharding = false",
            f"rgw data = {folder}/run",
        ]
        path = folder / "ceph.conf"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path
