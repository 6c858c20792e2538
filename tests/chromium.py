"""A headless Chromium that can reach two ports of this machine and nothing else: pages that a test gives
it, and a canary that counts whoever calls."""
import html
import http.server
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-default-apps",
         "--disable-extensions", "--disable-domain-reliability", "--disable-client-side-phishing-detection", "--no-pings",
         "--disable-features=NetworkTimeServiceQuerying,OptimizationHints,MediaRouter,Translate,AutofillServerCommunication", "--mute-audio", "--hide-scrollbars", "--window-size=1200,2000"]


# Hosts that Chromium calls by itself; here there are none.
OWN = ("google.com", "gvt1.com", "gstatic.com", "googleapis.com", "googleusercontent.com")


class Canary:
    """Keeps the first bytes of connections, HTTP or TLS; it does not matter what is asked."""

    def __init__(self):
        self.hits = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            with peer:
                peer.settimeout(1)
                try:
                    self.hits.append(peer.recv(200))
                except OSError:
                    self.hits.append(b"")


class Pages(http.server.ThreadingHTTPServer):
    """path -> (headers, bytes); what is posted to /report is kept."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages, self.reports, self.asked = {}, [], []
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        headers, body = self.server.pages.get(self.path, ({}, b""))
        self.send_response(200 if self.path in self.server.pages else 404)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.server.reports.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments):
        pass


class Chromium:
    def __init__(self):
        self.canary, self.pages = Canary(), Pages()

    def load(self, path, seconds=600):
        """The page's DOM after it has loaded."""
        profile = tempfile.mkdtemp(prefix="firebreak-chromium-")
        rules = [f"MAP {name} ~NOTFOUND" for host in OWN for name in (host, "*." + host)]
        rules += [f"MAP page.test 127.0.0.1:{self.pages.port}", f"MAP * 127.0.0.1:{self.canary.port}"]
        try:
            done = subprocess.run(
                ["chromium", *FLAGS, f"--user-data-dir={profile}", "--virtual-time-budget=20000",
                 "--host-resolver-rules=" + ", ".join(rules),
                 "--dump-dom", f"http://page.test{path}"],
                capture_output=True, timeout=seconds, env={**os.environ, "HOME": profile})
            return done.stdout.decode("utf-8", "replace")
        finally:
            shutil.rmtree(profile, ignore_errors=True)

    def close(self):
        self.canary.socket.close()
        self.pages.shutdown()
        self.pages.server_close()


def result(dom):
    """What a page left in <pre id=result>."""
    found = re.search(r'<pre id="result">(.*?)</pre>', dom, re.S)
    return html.unescape(found.group(1)) if found else None
