"""HTTP/2 frames by hand (RFC 9113), for what no client does."""
import socket
import ssl
import struct

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4
ENHANCE_YOUR_CALM = 11
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def block(*fields):
    """HPACK: literals without indexing, names and values below 127 bytes."""
    return b"".join(b"\x00" + bytes((len(n),)) + n + bytes((len(v),)) + v for n, v in fields)


class Peer:
    def __init__(self, server, wait=120):
        context = server.context()
        context.set_alpn_protocols(["h2"])
        self.socket = context.wrap_socket(socket.create_connection(("localhost", server.port), timeout=wait),
                                          server_hostname="localhost")
        self.host = f"localhost:{server.port}".encode()
        self.buffer = b""
        self.closed = False
        self.send(PREFACE + frame(SETTINGS, 0, 0))

    def send(self, data):
        """False when the peer does not take it any more."""
        try:
            self.socket.sendall(data)
            return True
        except (ConnectionError, ssl.SSLError, BrokenPipeError):
            return False

    def fields(self, method=b"GET", path=b"/fhir/metadata", *more):
        return block((b":method", method), (b":scheme", b"https"), (b":authority", self.host), (b":path", path), *more)

    def read(self):
        """The next frame: (kind, flags, stream, payload); None at the end."""
        while len(self.buffer) < 9 or len(self.buffer) < 9 + int.from_bytes(self.buffer[:3], "big"):
            try:
                piece = self.socket.recv(65536)
            except (ConnectionError, ssl.SSLError):
                piece = b""
            if not piece:
                self.closed = True
                return None
            self.buffer += piece
        size = int.from_bytes(self.buffer[:3], "big")
        kind, flags, stream = self.buffer[3], self.buffer[4], int.from_bytes(self.buffer[5:9], "big")
        payload, self.buffer = self.buffer[9:9 + size], self.buffer[9 + size:]
        return kind, flags, stream, payload

    def until(self, kind):
        """The first frame of this kind; None when the connection ends before."""
        while (got := self.read()) is not None:
            if got[0] == kind:
                return got
        return None

    def close(self):
        self.socket.close()


def goaway(got):
    """The error code of a GOAWAY."""
    return None if got is None else int.from_bytes(got[3][4:8], "big")
