# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real dosed-mail, and mail servers to try it on: a real one (aiosmtpd), and one that does whatever a test says."""

import asyncio
import logging
import os
import socket
import ssl
import subprocess
import tempfile
import threading
import warnings
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult

# aiosmtpd tells of clients that break off, and of logins without TLS: here both are what is tested.
logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)
warnings.filterwarnings("ignore", module="aiosmtpd")

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_SEC = 100  # nothing here takes long: whoever needs more hangs. libcurl's own patience has 120

MESSAGE = b"From: dosed <dosed@example.org>\r\nTo: maria@example.org\r\nSubject: a dose\r\n\r\nHello.\r\n"
FROM = "dosed@example.org"
TO = "maria@example.org"


def program():
    path = (ROOT / os.environ.get("DOSED_BUILD", "build/plain") / "dosed-mail").resolve()
    if not path.exists():
        raise AssertionError(f"{path} is not there: run make first")
    return str(path)


def environment(**variables):
    """Ours, without what may be set for a dosed-mail of this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DOSED_MAIL_")}
    kept.pop("CREDENTIALS_DIRECTORY", None)
    return {**kept, "LC_ALL": "C.UTF-8", **variables}


class Sent:
    """How one dosed-mail ended."""

    def __init__(self, child, message):
        out, err = child.communicate(message, DEADLINE_SEC)
        self.code, self.shown, self.said = child.returncode, out.decode(), err.decode()


def start(*arguments, **variables):
    return subprocess.Popen([program(), *map(str, arguments)], env=environment(**variables), stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def send(*arguments, message=MESSAGE, **variables):
    child = start(*arguments, **variables)
    try:
        return Sent(child, message)
    finally:
        if child.poll() is None:
            child.kill()
            child.communicate()


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


def make_certificate(folder, names="DNS:localhost,IP:127.0.0.1,IP:::1"):
    """A key and a certificate that vouches for itself. Returns their paths."""
    key, certificate = Path(folder) / "key.pem", Path(folder) / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=dosed test",
                    "-addext", f"subjectAltName={names}"], check=True, capture_output=True, timeout=DEADLINE_SEC)
    return key, certificate


def tls_context(key, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def bind(address, backlog=20, receive_bytes=None):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family)
    if receive_bytes:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    listener.bind((address, 0))
    listener.listen(backlog)
    return listener


class Handler:
    """Takes every message, but for what the test answers in its place: answers = {"RCPT": {"b@x": ["550 no"]}, …}."""

    def __init__(self, answers):
        self.answers = answers
        self.envelopes = []

    def next_answer(self, command, key):
        waiting = self.answers.get(command, {}).get(key, [])
        return waiting.pop(0) if waiting else None

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        answer = self.next_answer("RCPT", address)
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, session, envelope):
        envelope.is_encrypted = session.ssl is not None
        answer = self.next_answer("DATA", "")
        if answer:
            return answer
        self.envelopes.append(envelope)
        return "250 2.0.0 taken"


class MailServer:
    """aiosmtpd on a free port of loopback, in a thread of its own."""

    def __init__(self, address="127.0.0.1", answers=None, at_once=None, **options):
        """`at_once`: the TLS context of smtps; options are aiosmtpd's (tls_context is for STARTTLS)."""
        self.handler = Handler(answers or {})
        self.listener = bind(address)
        self.address, self.port = self.listener.getsockname()[:2]
        self.loop = asyncio.new_event_loop()
        self.options = dict({"hostname": "mail.example.org", "ident": "test"}, **options)
        self.server = self.loop.run_until_complete(
            self.loop.create_server(self.make, sock=self.listener, ssl=at_once))
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()

    def make(self):
        return SMTP(self.handler, loop=self.loop, **self.options)

    def url(self, scheme="smtp", host=None):
        host = host or (f"[{self.address}]" if ":" in self.address else self.address)
        return f"{scheme}://{host}:{self.port}"

    @property
    def envelopes(self):
        return self.handler.envelopes

    def close(self):
        async def end():
            self.server.close()
            await self.server.wait_closed()
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self.loop).result(DEADLINE_SEC)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(DEADLINE_SEC)
        self.loop.close()


class Passwords:
    """aiosmtpd's authenticator for one user."""

    def __init__(self, user, password):
        self.pair = user.encode(), password.encode()
        self.asked = 0

    def __call__(self, _server, _session, _envelope, _mechanism, data):
        self.asked += 1
        return AuthResult(success=(data.login, data.password) == self.pair, handled=False)


class Gone(Exception):
    """The other side closed the connection."""


class Talk:
    """One connection of a ScriptedServer."""

    def __init__(self, connection, ended):
        self.connection = connection
        self.ended = ended
        self.rest = b""

    def say(self, text):
        self.connection.sendall(text if isinstance(text, bytes) else text.encode() + b"\r\n")

    def hear(self):
        while b"\r\n" not in self.rest:
            chunk = self.connection.recv(65536)
            if not chunk:
                raise Gone
            self.rest += chunk
        line, _, self.rest = self.rest.partition(b"\r\n")
        return line.decode(errors="replace")

    def hear_message(self):
        lines = []
        while (line := self.hear()) != ".":
            lines.append(line)
        return lines

    def hang(self):
        """Until the test is over, or the other side gives up."""
        self.connection.settimeout(0.2)
        while not self.ended.is_set():
            try:
                if not self.connection.recv(65536):
                    return
            except TimeoutError:
                pass

    def freeze(self):
        """The same, without reading a byte."""
        self.ended.wait(DEADLINE_SEC)


STAGES = ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "end"]
USUAL = {"greeting": "220 mail.example.org", "EHLO": "250 mail.example.org", "MAIL": "250 OK", "RCPT": "250 OK",
         "DATA": "354 go on", "end": "250 taken", "QUIT": "221 bye"}


def usual_talk(**odd):
    """A script that answers as a server does, but at one or more stages as the test says: text, or a function of Talk."""
    answers = {**USUAL, **odd}

    def script(talk):
        def answer(stage):
            what = answers[stage]
            if callable(what):
                return what(talk) is not False
            talk.say(what)
            return True

        if not answer("greeting"):
            return
        while True:
            verb = talk.hear().split(" ")[0].split(":")[0]
            if not answer(verb):
                return
            if verb == "QUIT":
                return
            if verb == "DATA" and answers["DATA"].startswith("354"):
                talk.hear_message()
                if not answer("end"):
                    return

    return script


def drop(_talk):
    """For usual_talk(): hang up."""
    return False


class ScriptedServer:
    """Runs `script(talk)` on each connection, in a thread."""

    def __init__(self, script, address="127.0.0.1", receive_bytes=None):
        self.script = script
        self.listener = bind(address, receive_bytes=receive_bytes)
        self.address, self.port = self.listener.getsockname()[:2]
        self.ended = threading.Event()
        self.connections, self.threads, self.failures = [], [], []
        self.acceptor = threading.Thread(target=self.accept)
        self.acceptor.start()

    def url(self, host=None):
        return f"smtp://{host or self.address}:{self.port}"

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            if self.ended.is_set():
                connection.close()
                return
            self.connections.append(connection)
            thread = threading.Thread(target=self.serve, args=(connection,))
            self.threads.append(thread)
            thread.start()

    def serve(self, connection):
        with connection:
            try:
                self.script(Talk(connection, self.ended))
            except (Gone, OSError):
                pass
            except Exception as failure:  # a mistake in a test: told by close()
                self.failures.append(failure)

    def close(self):
        self.ended.set()
        try:
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
        except OSError:
            pass
        self.acceptor.join(DEADLINE_SEC)
        self.listener.close()
        for thread in self.threads:
            thread.join(DEADLINE_SEC)
        if self.failures:
            raise self.failures[0]


class Folder(tempfile.TemporaryDirectory):
    """A folder of the test's own, with files of a mode."""

    def file(self, name, content, mode=0o600):
        path = Path(self.name) / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        return path
