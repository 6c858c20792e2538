"""Runs the real server in a directory of its own; used by the end-to-end tests."""
import http.client
import json
import os
import random
import shutil
import socket
import ssl
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BINARY = os.environ.get("FIREBREAK", os.path.join(ROOT, "build/asan/firebreak"))


def until(done, seconds=120):
    """What done() gives as soon as that is true; what it gives at last, when it never is."""
    end = time.monotonic() + seconds
    while not (got := done()) and time.monotonic() < end:
        time.sleep(.02)
    return got


class Port:
    """A port of its own, also while nobody listens on it: outgoing connections have theirs above it (ip_local_port_range),
    and other tests see the name that is bound for it."""

    def __init__(self):
        self.name = None
        while self.name is None:
            self.number = random.SystemRandom().randrange(10000, 32000)
            self.name = self.take()

    def take(self):
        name = socket.socket(socket.AF_UNIX)
        try:
            name.bind(f"\0firebreak-test-{self.number}")
            with socket.create_server(("127.0.0.1", self.number)):
                return name
        except OSError:
            name.close()
            return None


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def code(self):
        """The issue code of an OperationOutcome."""
        return self.json()["issue"][0]["code"]


class Server:
    def __init__(self, directory=None, binary=BINARY, init=True, extra=""):
        self.binary = binary
        self.ports = Port(), Port()
        self.port, self.admin = (p.number for p in self.ports)
        self.temporary = directory is None
        self.dir = directory or tempfile.mkdtemp(prefix="firebreak-")
        self.process = None
        self.connection = None
        self.log_path = os.path.abspath(self.dir) + ".log"
        self.log = open(self.log_path, "ab")
        if init:
            self.command("init", "--dev", "--listen", f"127.0.0.1:{self.port}",
                         "--admin", f"127.0.0.1:{self.admin}")
            if extra:
                with open(os.path.join(self.dir, "firebreak.yaml"), "a") as f:
                    f.write(extra)

    def quiet(self):
        """No log is kept: for long runs."""
        self.log.close()
        os.unlink(self.log_path)
        self.log_path, self.log = None, open(os.devnull, "wb")

    def command(self, name, *arguments, check=True, **options):
        done = subprocess.run([self.binary, *name.split(), "--dir", self.dir, *arguments],
                              capture_output=True, text=True, **options)
        if check and done.returncode != 0:
            raise RuntimeError(f"{name}: {done.returncode} {done.stdout} {done.stderr}")
        return done

    def start(self):
        self.process = subprocess.Popen([self.binary, "serve", "--dir", self.dir], stdout=subprocess.PIPE, stderr=self.log)
        if not self.process.stdout.readline().startswith(b"ready"):
            raise RuntimeError("the server did not start: " + self.read_log())
        return self

    def read_log(self):
        self.log.flush()
        with open(self.log.name, errors="replace") as f:
            return f.read()

    def stop(self):
        """Returns the exit code: 0 after a clean end."""
        if self.process is None:
            return 0
        self.close()
        self.process.terminate()
        code = self.process.wait(120)
        self.process.stdout.close()
        self.process = None
        return code

    def kill(self):
        self.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process = None

    def remove(self):
        if self.process is not None:
            self.kill()
        self.log.close()
        if self.temporary:
            shutil.rmtree(self.dir, ignore_errors=True)
            if self.log_path:
                os.unlink(self.log_path)

    def token(self, scope, *arguments):
        return self.command("token", "--scope", scope, *arguments).stdout.strip()

    def context(self):
        return ssl.create_default_context(cafile=os.path.join(self.dir, "keys/ca.crt"))

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def request(self, method, path, token=None, body=None, headers=None):
        """One request on a kept connection; `path` is below the FHIR base unless it begins with '//'."""
        all_headers = dict(headers or {})
        if token:
            all_headers["Authorization"] = "Bearer " + token
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body, ensure_ascii=False)
        if body is not None and "Content-Type" not in all_headers:
            all_headers["Content-Type"] = "application/fhir+json"
        if isinstance(body, str):
            body = body.encode()
        path = path[1:] if path.startswith("//") else "/fhir" + path
        for attempt in (1, 2):
            if self.connection is None:
                self.connection = http.client.HTTPSConnection("localhost", self.port,
                                                              context=self.context(), timeout=120)
            try:
                self.connection.request(method, path, body=body, headers=all_headers)
                got = self.connection.getresponse()
                answer = Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())
                if got.will_close:
                    self.close()
                return answer
            except (http.client.HTTPException, ConnectionError, ssl.SSLError):
                self.close()
                if attempt == 2:
                    raise

    def get(self, path, token=None, **headers):
        return self.request("GET", path, token, headers=headers)

    def raw(self, data, wait=120, silence=.3):
        """Bytes over TLS as they are; what comes back until the peer closes, or is silent behind a head."""
        with socket.create_connection(("localhost", self.port), timeout=wait) as plain:
            with self.context().wrap_socket(plain, server_hostname="localhost") as s:
                s.sendall(data)
                got = b""
                try:
                    while True:
                        piece = s.recv(65536)
                        if not piece:
                            return got, True
                        got += piece
                        if b"\r\n\r\n" in got and b"connection: close" not in got:
                            s.settimeout(silence)
                except (TimeoutError, socket.timeout):
                    return got, False
                except (ConnectionError, ssl.SSLError):
                    return got, True


class Tests:
    """Counts checks; prints those that fail."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, name, condition, detail=""):
        if condition:
            self.passed += 1
        else:
            self.failed += 1
            print(f"not ok: {name} {detail}")

    def equal(self, name, got, want):
        self.check(name, got == want, f"got {got!r}, want {want!r}")

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0


def patient(family="Muster", given="Ada", **more):
    return {"resourceType": "Patient", "name": [{"family": family, "given": [given]}], **more}


def observation(subject, code="8867-4", value=72, date="2026-01-01T08:00:00Z", **more):
    return {"resourceType": "Observation", "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "subject": {"reference": subject}, "effectiveDateTime": date,
            "valueQuantity": {"value": value, "unit": "beats/min",
                              "system": "http://unitsofmeasure.org", "code": "/min"}, **more}
