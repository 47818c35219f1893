# SPDX-License-Identifier: LGPL-2.1-or-later
"""dosed-mail with servers that hang, vanish, lie and babble: whether a message may have arrived is never guessed."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

from servers import (DEADLINE_SEC, FROM, MESSAGE, STAGES, TO, Folder, Gone, ScriptedServer, Sent, drop, make_certificate,
                     send, start, tls_context, usual_talk)

EX_OK, EX_NOUSER, EX_UNAVAILABLE, EX_IOERR, EX_TEMPFAIL, EX_NOPERM = 0, 67, 69, 74, 75, 77

SHORT_SEC = 4   # for what fails alike whenever it is given up
LONG_SEC = 12   # for what has to come as far as it should, on a slow machine too
LARGE = MESSAGE + (b"x" * 70 + b"\r\n") * 14000  # nearly all that is allowed: no buffer on the way holds it


class Trouble(unittest.TestCase):
    def serve(self, script, **options):
        server = ScriptedServer(script, **options)
        self.addCleanup(server.close)
        return server

    def send(self, script, *arguments, **options):
        server = self.serve(script)
        return send("--server", server.url(), "--from", FROM, *(arguments or (TO,)), **options)

    def send_to_all(self, scripts, *arguments):
        """The same to many servers at once: all of their timeouts pass together."""
        children = {}
        for name, script in scripts.items():
            children[name] = start("--server", self.serve(script).url(), "--from", FROM, *arguments, TO)
            self.addCleanup(children[name].wait, DEADLINE_SEC)
            self.addCleanup(children[name].kill)
            children[name].stdin.write(MESSAGE)
            children[name].stdin.close()
            children[name].stdin = None  # or communicate() would close it again
        return {name: Sent(child, None) for name, child in children.items()}

    def assert_one_line(self, sent, code, *words):
        self.assertEqual((sent.code, sent.said.count("\n")), (code, 1), sent.said)
        for word in words:
            self.assertIn(word, sent.said)


class Dropped(Trouble):
    def test_before_the_message_was_handed_over_it_was_not_sent(self):
        for stage in STAGES[:-1]:
            with self.subTest(stage=stage):
                sent = self.send(usual_talk(**{stage: drop}))
                self.assert_one_line(sent, EX_TEMPFAIL, "broke the connection before it had the message")

    def test_after_that_it_may_have_arrived(self):
        sent = self.send(usual_talk(end=drop))
        self.assert_one_line(sent, EX_IOERR, "127.0.0.1 broke the connection before it said whether it took the message: it may "
                                             "have arrived")

    def test_with_an_answer_that_is_half_said_it_may_have_arrived(self):
        for half in (b"250", b"250 2.0.0 tak", b"250-one line\r\n", b"550-one line\r\n250", b"\r\n", b"\0"):
            with self.subTest(half=half):
                self.assert_one_line(self.send(usual_talk(end=lambda talk, half=half: talk.say(half) or False)), EX_IOERR)

    def test_in_the_middle_of_a_message_it_was_not_sent(self):
        def leave(talk):
            talk.say("354 go on")
            for _ in range(1000):
                talk.hear()
            return False

        def script(talk):
            talk.say("220 hello")
            while talk.hear() != "DATA":
                talk.say("250 OK")
            leave(talk)

        server = self.serve(script, receive_bytes=4096)
        sent = send("--server", server.url(), "--from", FROM, TO, message=LARGE)
        self.assert_one_line(sent, EX_TEMPFAIL, "broke the connection before it had the message")

    def test_a_server_that_is_killed_with_the_message_in_its_hands(self):
        # Not a thread: the system closes what a killed process had open, with whatever it sends then.
        code = ("import os, signal, sys; sys.path.insert(0, sys.argv[1])\n"
                "from servers import *\n"
                "server = ScriptedServer(usual_talk(end=lambda talk: os.kill(os.getpid(), signal.SIGKILL)))\n"
                "print(server.port, flush=True)\n")
        with subprocess.Popen([sys.executable, "-B", "-c", code, os.path.dirname(__file__)],
                              stdout=subprocess.PIPE) as server:
            self.addCleanup(server.kill)
            port = int(server.stdout.readline())
            sent = send(f"--server=smtp://127.0.0.1:{port}", "--from", FROM, TO)
            self.assertEqual(server.wait(DEADLINE_SEC), -signal.SIGKILL)
        self.assert_one_line(sent, EX_IOERR, "it may have arrived")

    def test_once_it_was_taken_nothing_matters(self):
        goodbyes = {"nothing": drop, "500": "500 what", "garbage": b"\xff\0\r\n", "hang": lambda talk: talk.hang()}
        for name, goodbye in goodbyes.items():
            with self.subTest(goodbye=name):
                # A goodbye has its own, short time: this long one is never waited for.
                sent = self.send(usual_talk(QUIT=goodbye), "--timeout=600", TO)
                self.assertEqual((sent.code, sent.said), (EX_OK, ""))

    def test_nobody_listens(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))  # without listen(): refused, and nobody else gets it
            sent = send(f"--server=smtp://127.0.0.1:{listener.getsockname()[1]}", "--from", FROM, TO)
        self.assert_one_line(sent, EX_TEMPFAIL, "127.0.0.1 cannot be reached: Connection refused")


class Hanging(Trouble):
    def test_before_the_message_was_handed_over_it_was_not_sent(self):
        scripts = {stage: usual_talk(**{stage: lambda talk: talk.hang() or False}) for stage in STAGES[:-2]}
        scripts["DATA"] = self.hang_at_data
        for stage, sent in self.send_to_all(scripts, f"--timeout={SHORT_SEC}").items():
            with self.subTest(stage=stage):
                self.assert_one_line(sent, EX_TEMPFAIL, "127.0.0.1 did not answer in time, and was not given the message")

    @staticmethod
    def hang_at_data(talk):
        talk.say("220 hello")
        while talk.hear() != "DATA":
            talk.say("250 OK")
        talk.hang()

    def test_after_that_it_may_have_arrived(self):
        halves = {"": b"", "code": b"250", "text": b"250 2.0.0 taken", "line": b"250-taken\r\n", "garbage": b"well\r\n2500 x\r\n"}
        scripts = {name: usual_talk(end=lambda talk, half=half: (talk.say(half), talk.hang(), False)[2])
                   for name, half in halves.items()}
        for name, sent in self.send_to_all(scripts, f"--timeout={LONG_SEC}").items():
            with self.subTest(said=name):
                self.assert_one_line(sent, EX_IOERR, f"did not say within {LONG_SEC} seconds whether it took the message: it "
                                                     "may have arrived")

    def test_in_the_middle_of_a_message_it_was_not_sent(self):
        def script(talk):
            talk.say("220 hello")
            while talk.hear() != "DATA":
                talk.say("250 OK")
            talk.say("354 go on")
            talk.freeze()

        server = self.serve(script, receive_bytes=4096)
        sent = send("--server", server.url(), "--from", FROM, f"--timeout={LONG_SEC}", TO, message=LARGE)
        self.assert_one_line(sent, EX_TEMPFAIL, "did not answer in time, and was not given the message")

    def test_a_handshake_that_never_ends(self):
        server = self.serve(lambda talk: talk.hang())
        sent = send("--server", server.url().replace("smtp:", "smtps:"), "--from", FROM, f"--timeout={SHORT_SEC}", TO)
        self.assert_one_line(sent, EX_TEMPFAIL, "127.0.0.1")


class Babbling(Trouble):
    def flood(self, bytes_):
        def script(talk):
            while not talk.ended.is_set():
                talk.say(bytes_)

        return script

    def test_floods_are_given_up(self):
        scripts = {"one line": self.flood(b"2" * 65536), "lines": self.flood(b"220-and more\r\n" * 4096),
                   "garbage": self.flood(os.urandom(65536)), "nothing": self.flood(b"\0" * 65536),
                   "empty lines": self.flood(b"\r\n" * 30000)}
        for name, sent in self.send_to_all(scripts, f"--timeout={SHORT_SEC}", "--verbose").items():
            with self.subTest(flood=name):
                self.assertEqual(sent.code, EX_TEMPFAIL)
                self.assertEqual(sent.said.count("\n"), 1)
                self.assertLess(len(sent.said), 2000)
                self.assertLess(len(sent.shown), 3_000_000)

    def test_floods_in_the_place_of_the_last_answer_are_given_up(self):
        def flooded(bytes_):
            return usual_talk(end=lambda talk: (self.flood(bytes_)(talk), False)[1])

        scripts = {"one line": flooded(b"2" * 65536), "lines": flooded(b"250-and more\r\n" * 4096),
                   "garbage": flooded(b"\x01\xff no code\r\n" * 5000)}
        for name, sent in self.send_to_all(scripts, f"--timeout={LONG_SEC}").items():
            with self.subTest(flood=name):
                self.assert_one_line(sent, EX_IOERR, "it may have arrived")

    def test_who_speaks_something_else_is_quoted(self):
        def script(talk):
            talk.say("HTTP/1.1 400 Bad Request")

        sent = self.send(script)
        self.assert_one_line(sent, EX_TEMPFAIL, "127.0.0.1 does not answer as a mail server does: HTTP/1.1 400 Bad Request")

    def test_what_a_server_says_is_harmless_on_a_terminal(self):
        sent = self.send(usual_talk(RCPT="550 \x1b[31mred\x1b[0m\x07 \u202eevil\u2066 \x00nul \x9b".encode() + b"\xff\r\n"))
        self.assert_one_line(sent, EX_NOUSER, "says: 550 [31mred[0m evil nul")
        for character in sent.said.rstrip("\n"):
            self.assertGreaterEqual(character, " ")
            self.assertNotIn(character, "\x7f\x9b\u202e\u2066")

    def test_long_answers_are_cut(self):
        lines = b"".join(b"550-5.1.1 " + b"\xc3\xa9" * 200 + b"\r\n" for _ in range(30)) + b"550 5.1.1 end\r\n"
        sent = self.send(usual_talk(RCPT=lines))
        self.assert_one_line(sent, EX_NOUSER, "says: 550 5.1.1 éééé")
        self.assertLess(len(sent.said.encode()), 600)

    def test_odd_answers_before_the_message(self):
        cases = {
            "greeting 554": (usual_talk(greeting="554 no mail here"), EX_UNAVAILABLE, "says: 554 no mail here"),
            "greeting 421": (usual_talk(greeting="421 busy"), EX_TEMPFAIL, "says: 421 busy"),
            "greeting 354": (usual_talk(greeting="354 hm"), EX_TEMPFAIL, "does not answer as a mail server does"),
            "sender 550": (usual_talk(MAIL="550 5.7.1 not for you"), EX_UNAVAILABLE, "says: 550 5.7.1 not for you"),
            "sender 452": (usual_talk(MAIL="452 full"), EX_TEMPFAIL, "says: 452 full"),
            "data 554": (usual_talk(DATA="554 no valid recipients"), EX_UNAVAILABLE, "says: 554 no valid recipients"),
            "data 451": (usual_talk(DATA="451 later"), EX_TEMPFAIL, "says: 451 later"),
            "data 250": (usual_talk(DATA="250 fine"), EX_TEMPFAIL, "127.0.0.1"),
            "sender 530": (usual_talk(MAIL="530 5.7.0 log in first"), EX_NOPERM, "says: 530 5.7.0 log in first"),
        }
        for name, (script, code, words) in cases.items():
            with self.subTest(case=name):
                self.assert_one_line(self.send(script), code, words)

    def test_odd_answers_to_the_message(self):
        for answer, code, words in (("452 4.3.1 disk full", EX_TEMPFAIL, "says: 452 4.3.1 disk full"),
                                    ("554 5.6.0 no", EX_UNAVAILABLE, "says: 554 5.6.0 no"),
                                    ("354 more?", EX_IOERR, "it may have arrived"),
                                    ("299 odd, but good", EX_OK, "")):
            with self.subTest(answer=answer):
                sent = self.send(usual_talk(end=answer))
                self.assertEqual(sent.code, code, sent.said)
                self.assertIn(words, sent.said)

    def test_a_server_that_leaves_after_the_first_of_two_recipients(self):
        def leave(talk):
            talk.say("421 4.3.2 shutting down")
            return False

        sent = self.send(usual_talk(RCPT=leave), "a@b", "c@d")
        self.assert_one_line(sent, EX_TEMPFAIL, "says: 421 4.3.2 shutting down")

    def test_an_old_server_without_ehlo(self):
        sent = self.send(usual_talk(EHLO="502 what", HELO="250 hello"))
        self.assertEqual((sent.code, sent.said), (EX_OK, ""))


class Secrets(Trouble):
    def setUp(self):
        folder = Folder()
        self.addCleanup(folder.cleanup)
        self.file = folder.file("password", "hunter2 is no secret\n")

    def test_a_server_that_says_the_password_back(self):
        for way, lines in (("PLAIN", 1), ("LOGIN", 2)):
            def login(talk, lines=lines):
                heard = []
                for _ in range(lines):
                    talk.say("334 ")
                    heard.append(talk.hear())
                talk.say(f"535-5.7.8 wrong: {' '.join(heard)}\r\n535 5.7.8 (hunter2 is no secret)")

            with self.subTest(way=way):
                sent = self.send(usual_talk(EHLO=f"250-hello\r\n250 AUTH {way}", AUTH=login), "--user=anastasia",
                                 f"--password-file={self.file}", "--verbose", TO)
                self.assert_one_line(sent, EX_NOPERM, "127.0.0.1 refuses the login: 535 5.7.8 wrong: *** ", "(***)")
                for secret in ("hunter2", "aHVudGVyMi", "h1bnRlcj", "odW50ZXIy"):
                    self.assertNotIn(secret, sent.said + sent.shown)

    def test_a_login_that_is_refused_for_now(self):
        sent = self.send(usual_talk(EHLO="250-hello\r\n250 AUTH PLAIN", AUTH="454 4.7.0 later"), "--user=ana",
                         f"--password-file={self.file}", TO)
        self.assert_one_line(sent, EX_TEMPFAIL, "refuses the login: 454 4.7.0 later")

    def test_a_server_that_knows_only_ways_that_we_do_not(self):
        sent = self.send(usual_talk(EHLO="250-hello\r\n250 AUTH GSSAPI X-OWN"), "--user=ana", f"--password-file={self.file}", TO)
        self.assert_one_line(sent, EX_NOPERM, "127.0.0.1 knows no way to log in that dosed-mail knows")

    def test_a_server_elsewhere_that_refuses_to_encrypt_hears_nothing_more(self):
        heard = []

        def script(talk):
            talk.say("220 hello")
            try:
                while True:
                    heard.append(talk.hear())
                    talk.say({"EHLO": "250-hello\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS",
                              "STARTTLS": "454 4.7.0 not now"}.get(heard[-1].split()[0], "250 OK"))
            except Gone:
                pass

        server = self.serve(script)
        sent = send("--server", server.url("0.0.0.0"), "--from", FROM, "--user=ana", f"--password-file={self.file}", TO)
        self.assert_one_line(sent, EX_TEMPFAIL, "refuses to encrypt the connection, and nothing is sent without: 454 4.7.0 not now")
        self.assertLessEqual({line.split()[0] for line in heard}, {"EHLO", "STARTTLS", "QUIT"})

    def test_what_was_said_in_the_clear_before_tls_is_not_believed(self):
        # RFC 3207, 4.2, and CVE-2021-22947: answers that came in one piece with the one to STARTTLS.
        with tempfile.TemporaryDirectory() as folder:
            key, certificate = make_certificate(folder, "IP:0.0.0.0")
            context = tls_context(key, certificate)

            def script(talk):
                talk.say("220 hello")
                talk.hear()
                talk.say("250-hello\r\n250 STARTTLS")
                talk.hear()
                talk.say("220 go\r\n250 AUTH LOGIN\r\n334 \r\n334 \r\n235 in\r\n250 OK\r\n250 OK\r\n354 go\r\n250 taken")
                talk.connection = context.wrap_socket(talk.connection, server_side=True)
                talk.hang()

            server = self.serve(script)
            sent = send("--server", server.url("0.0.0.0"), "--from", FROM, "--ca-file", certificate, f"--timeout={SHORT_SEC}", TO)
        self.assert_one_line(sent, EX_TEMPFAIL)


if __name__ == "__main__":
    unittest.main()
