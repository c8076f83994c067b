"""Somebody else's address, told by webhook."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

__all__ = ["receiver"]


@pytest.fixture
def receiver():
    """An address of ours that keeps what it is told; ``answers`` are the statuses to come."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.append((dict(self.headers), body))
            self.send_response(answers.pop(0) if answers else 204)
            self.end_headers()

        def log_message(self, *_):
            pass

    told, answers = [], []
    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    server.told, server.answers = told, answers
    server.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield server
    server.shutdown()
    server.server_close()
    thread.join()
