"""Crash loops: a writer that remembers what was acknowledged, then a kill or a power cut, then a
count.  The power cut is real for the file system: ext4 on a loop device, FS_IOC_SHUTDOWN without a
log flush, which drops everything that was not written through."""
import fcntl
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from firebreak import ROOT, Server, observation, patient, until  # noqa: E402

FS_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2
BINARY = os.path.join(ROOT, "build/firebreak")
WRITERS = 4
MUCH = 10                       # is acknowledged before each crash, at least


class Disk:
    """An ext4 file system of our own that can lose power."""

    def __init__(self):
        self.top = tempfile.mkdtemp(prefix="firebreak-disk-")
        self.image, self.path = os.path.join(self.top, "image"), os.path.join(self.top, "mnt")
        os.mkdir(self.path)
        with open(self.image, "wb") as f:
            f.truncate(1 << 30)
        subprocess.run(["mkfs.ext4", "-q", "-F", self.image], check=True)
        self.mount()

    def mount(self):
        subprocess.run(["mount", "-o", "loop", self.image, self.path], check=True)

    def umount(self):
        subprocess.run(["umount", self.path], check=True)

    def cut(self):
        """An fdatasync that is under way may report success although nothing reaches the disk any
        more, so an answer that arrives once the cut has begun counts as never sent: that machine
        would be dead."""
        fd = os.open(self.path, os.O_RDONLY)
        fcntl.ioctl(fd, FS_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        os.close(fd)

    def remove(self):
        self.umount()
        os.unlink(self.image)
        os.rmdir(self.path)
        os.rmdir(self.top)


class Writer(threading.Thread):
    """Creates Patients and Observations, and keeps what the server acknowledged."""

    def __init__(self, server, token, known, label):
        super().__init__()
        self.server = Server.__new__(Server)
        self.server.__dict__.update(server.__dict__, connection=None)
        self.token, self.known, self.label, self.acknowledged = token, known, label, []
        self.stopped = False

    def run(self):
        n = 0
        while not self.stopped:
            request_id = f"{self.label}-{n}"
            n += 1
            body = patient("Crash", request_id) if not self.known or n % 3 else observation("Patient/" + random.choice(self.known))
            try:
                a = self.server.request("POST", "/" + body["resourceType"], self.token, body, {"X-Request-Id": request_id})
            except Exception:
                return                  # the crash: whether this one counts is not known
            if a.status != 201:
                return
            made = a.json()
            if self.stopped:
                return                  # see Disk.cut
            self.acknowledged.append((body["resourceType"], made["id"], made["meta"]["versionId"], request_id))


def cycle(server, token, label, seconds, crash):
    """One crash; returns what had been acknowledged before it."""
    server.start()
    known = []
    writers = [Writer(server, token, known, f"{label}-{i}") for i in range(WRITERS)]
    for w in writers:
        w.start()
    time.sleep(seconds)
    until(lambda: sum(len(w.acknowledged) for w in writers) > MUCH)
    for w in writers:
        w.stopped = True
    crash(server)
    for w in writers:
        w.join()
    if server.process is not None:
        server.kill()
    return [a for w in writers for a in w.acknowledged]


def lost_resources(server, token, acknowledged):
    lost = 0
    for kind, identifier, version, _ in acknowledged:
        a = server.get(f"/{kind}/{identifier}", token)
        lost += a.status != 200 or a.json()["meta"]["versionId"] != version
    return lost


def audit_mismatches(server, acknowledged):
    """Acknowledged writes without exactly one record of their success."""
    seen = {}
    for line in server.command("audit show").stdout.splitlines():
        e = json.loads(line)
        if e["subtype"][0]["code"] != "create" or e["outcome"] != "0":
            continue
        for entity in e["entity"]:
            value = entity.get("what", {}).get("identifier", {}).get("value")
            if value:
                seen[value] = seen.get(value, 0) + 1
    return sum(seen.get(request_id) != 1 for _, _, _, request_id in acknowledged)


def run(mode, cycles, no_sync=False, until_loss=False):
    """{acknowledged, lost, audit, verify, cycles} after so many kills or cuts."""
    disk = Disk() if mode == "cut" else None
    directory = os.path.join(disk.path if disk else tempfile.mkdtemp(prefix="firebreak-crash-"), "data")
    extra = "store:\n  sync_normal: true\n" if no_sync else ""
    server = Server(directory=directory, binary=BINARY)
    if no_sync:
        text = open(os.path.join(directory, "firebreak.yaml")).read()
        text = text.replace("justifications:\n", extra + "justifications:\n  store.sync_normal: \"the crash test's teeth\"\n")
        open(os.path.join(directory, "firebreak.yaml"), "w").write(text)
    token = server.token("system/*.cruds", "--ttl", "86400")
    subprocess.run(["sync", "-f", directory], check=True)
    everything, lost = [], 0

    def kill(s):
        s.kill()

    def cut(s):
        disk.cut()
        s.kill()
        disk.umount()
        disk.mount()

    server.quiet()
    for n in range(cycles):
        acknowledged = cycle(server, token, f"{mode}{n}", random.uniform(.15, .5), cut if disk else kill)
        everything += acknowledged
        server.start()
        lost += lost_resources(server, token, acknowledged[-400:])
        server.stop()
        if until_loss and lost:
            break
    server.start()
    time.sleep(.2)
    final = lost_resources(server, token, random.sample(everything, min(len(everything), 2000)))
    clean = server.stop()
    result = {"cycles": n + 1, "acknowledged": len(everything), "lost": lost + final, "clean": clean,
              "audit": audit_mismatches(server, everything) if not no_sync else None,
              "verify": server.command("audit verify", check=False).returncode}
    if disk:
        disk.remove()
    return result


if __name__ == "__main__":
    print(run(sys.argv[1], int(sys.argv[2]), "no-sync" in sys.argv))
