"""A clamd of our own: private socket, private signatures, nothing downloaded.  And stand-ins that lie."""
import contextlib
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from firebreak import until

# Two halves, so that this file is not found by scanners itself.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
MARKER = b"FIREBREAK-" + b"TEST-MARKER"


class Clamd:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="clamd-")
        self.socket = os.path.join(self.dir, "socket")
        self.process = None
        os.mkdir(os.path.join(self.dir, "db"))
        with open(os.path.join(self.dir, "db/own.hdb"), "w") as f:
            f.write(f"{hashlib.md5(EICAR).hexdigest()}:{len(EICAR)}:Eicar-Own\n")
        with open(os.path.join(self.dir, "db/own.ndb"), "w") as f:
            f.write(f"Own.Marker:0:*:{MARKER.hex()}\nEicar.Part:0:*:{EICAR[:60].hex()}\n")
        with open(os.path.join(self.dir, "clamd.conf"), "w") as f:
            f.write(f"LocalSocket {self.socket}\nDatabaseDirectory {self.dir}/db\nForeground yes\n"
                    f"TemporaryDirectory {self.dir}\nStreamMaxLength 300M\nMaxScanSize 400M\nMaxFileSize 400M\n"
                    "AlertEncrypted yes\nAlertOLE2Macros yes\nUser root\n")

    def add_testfiles(self):
        """Signatures of the files of clamav-testfiles: of clam.exe, which all of them hold."""
        with open("/usr/share/clamav-testfiles/clam.exe", "rb") as f:
            exe = f.read()
        with open(os.path.join(self.dir, "db/own.hdb"), "a") as f:
            f.write(f"{hashlib.md5(exe).hexdigest()}:{len(exe)}:ClamAV-Test-File\n")
        return self

    def start(self):
        self.process = subprocess.Popen(["clamd", "-c", os.path.join(self.dir, "clamd.conf")],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not until(self.answers):
            raise RuntimeError("clamd did not start")
        return self

    def answers(self):
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(self.socket)
                s.sendall(b"zPING\0")
                return s.recv(16) == b"PONG\0"
        except OSError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()
        if os.path.exists(self.socket):
            os.unlink(self.socket)

    def remove(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)


class Listener:
    """A socket at `path`; each connection is handed to answer() in a thread of its own."""

    def __init__(self, path):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(8)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def close(self):
        path = self.listener.getsockname()
        self.listener.close()
        os.unlink(path)


class Liar(Listener):
    """A socket that answers INSTREAM with `reply`, VERSION with `version`, so many `times`; None: not at all."""

    def __init__(self, path, reply, version=b"ClamAV 1.4.6/1/Mon Jan 01 00:00:00 2026\0", take=None, times=sys.maxsize):
        self.reply, self.version, self.take, self.times = reply, version, take, times
        super().__init__(path)

    def answer(self, connection):
        try:
            got = connection.recv(10)
            if got.startswith(b"zVERSION"):
                self.times -= 1
                if self.times >= 0:
                    connection.sendall(self.version)
            else:
                taken = 0
                while self.take is None or taken < self.take:
                    size = int.from_bytes(connection.recv(4, socket.MSG_WAITALL), "big")
                    if size == 0:
                        break
                    taken += len(connection.recv(size, socket.MSG_WAITALL))
                if self.reply is None:
                    time.sleep(20)
                else:
                    connection.sendall(self.reply)
        except OSError:
            pass
        connection.close()


class Front(Listener):
    """A socket before a clamd's own that says of its signatures what `version` says."""

    def __init__(self, clamd, version):
        self.behind, self.version = clamd.socket, version
        self.socket = os.path.join(clamd.dir, "front")
        super().__init__(self.socket)

    def answer(self, connection):
        with connection, socket.socket(socket.AF_UNIX) as behind:
            try:
                behind.connect(self.behind)
                got = connection.recv(65536)
                if got.startswith(b"zVERSION"):
                    connection.sendall(self.version)
                    return
                threading.Thread(target=self.pass_back, args=(behind, connection), daemon=True).start()
                while got:
                    behind.sendall(got)
                    got = connection.recv(65536)
            except OSError:
                pass

    @staticmethod
    def pass_back(behind, connection):
        """What the clamd says, and that it hung up: a server that is not told waits for limits.scan_seconds."""
        try:
            while got := behind.recv(4096):
                connection.sendall(got)
        except OSError:
            pass                        # it was killed
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def configure(server, scanner, days=0, **options):
    """Puts the scanner, and other attachments.* options, in place of what init wrote."""
    path = os.path.join(server.dir, "firebreak.yaml")
    with open(path) as f:
        text = f.read()
    more = "".join(f"\n  {key}: {value}" for key, value in options.items() if "." not in key)
    text = text.replace("scanner: none", f"scanner: {scanner}\n  signature_days: {days}{more}")
    text = text.replace("justifications:\n", 'justifications:\n  attachments.signature_days: '
                        '"the signatures of this test have no day"\n')
    limits = "".join(f"  {key.split('.')[1]}: {value}\n" for key, value in options.items() if "." in key)
    with open(path, "w") as f:
        f.write(text + ("limits:\n" + limits if limits else ""))
