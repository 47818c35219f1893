# SPDX-License-Identifier: LGPL-2.1-or-later
"""What dosed-mail is told: a mistake is explained in one line, before anything is said to a server."""

import os
import subprocess
import unittest

from servers import DEADLINE_SEC, FROM, TO, Folder, MailServer, environment, program, send

EX_OK, EX_USAGE, EX_DATAERR, EX_OSERR, EX_CONFIG = 0, 64, 65, 71, 78


class Settings(unittest.TestCase):
    def setUp(self):
        self.server = MailServer()
        self.addCleanup(self.server.close)
        self.files = Folder()
        self.addCleanup(self.files.cleanup)

    def assert_refused(self, sent, code, *words):
        self.assertEqual((sent.code, sent.said.count("\n"), sent.shown), (code, 1, ""), sent.said)
        for word in words:
            self.assertIn(word, sent.said)
        self.assertEqual(self.server.envelopes, [])

    def send(self, *arguments, **variables):
        return send("--server", self.server.url(), "--from", FROM, *arguments, **variables)

    def test_what_is_missing_is_named(self):
        url = self.server.url()
        self.assert_refused(send("--from", FROM, TO), EX_CONFIG, "--server", "DOSED_MAIL_SERVER")
        self.assert_refused(send("--server", url, TO), EX_CONFIG, "--from", "DOSED_MAIL_FROM")
        self.assert_refused(send("--from", FROM, TO, DOSED_MAIL_SERVER=""), EX_CONFIG, "--server")
        self.assert_refused(self.send(), EX_USAGE, "--to-header")
        self.assert_refused(self.send("-t", TO), EX_USAGE, "--to-header")
        self.assert_refused(self.send("--user=ana", TO), EX_CONFIG, "there is no password", "password-file in dosed.conf",
                            "(--password-file)", "the credential smtp-password and restart")
        file = self.files.file("password", "x")
        self.assert_refused(self.send("--password-file", file, TO), EX_CONFIG, "--user")

    def test_an_unknown_option(self):
        sent = self.send("--passphrase=x", TO)
        self.assertEqual(sent.code, EX_USAGE)
        self.assertIn("see dosed-mail --help", sent.said)

    def test_a_password_on_the_command_line_is_refused_and_not_repeated(self):
        for arguments in (["--password=hunter2"], ["--password", "hunter2"]):
            sent = self.send("--user=ana", *arguments, TO)
            self.assert_refused(sent, EX_USAGE, "--password-file")
            self.assertNotIn("hunter2", sent.said)

    def test_only_mail_servers_are_spoken_to(self):
        for url in ("http://127.0.0.1/", "file:///etc/passwd", "ftp://127.0.0.1/", "imap://127.0.0.1/", "smtpx://127.0.0.1/",
                    "scp://127.0.0.1/", "127.0.0.1", "mail.example.org:25", "", " ", "smtp://", "smtp://a b/",
                    "smtp://127.0.0.1:0", "smtp://127.0.0.1:70000", "smtp://127.0.0.1:port", "smtp://[::1", "smtp://[nonsense]/",
                    "smtp://127.0.0.1/a/b", "smtp://127.0.0.1/a%0d%0aDATA", "smtp://127.0.0.1/?x", "smtp://127.0.0.1/#x",
                    "smtp://127.0.0.1/\r\nRSET", "smtp://127.0.0.1\n"):
            with self.subTest(url=url):
                self.assert_refused(send(f"--server={url}", "--from", FROM, TO), EX_CONFIG, "server")

    def test_a_password_in_the_url_is_refused_and_not_repeated(self):
        for url in ("smtp://ana:hunter2@127.0.0.1", "smtp://ana;AUTH=hunter2@127.0.0.1", "smtp://hunter2@127.0.0.1"):
            with self.subTest(url=url):
                sent = send(f"--server={url}", "--from", FROM, TO)
                self.assert_refused(sent, EX_CONFIG, "--user")
                self.assertNotIn("hunter2", sent.said)

    def test_hostile_addresses(self):
        bad = ["", "maria", "@", "maria@", "@example.org", "-maria@example.org", "--from=x@example.org ", "a b@example.org",
               "a@exam ple.org", "<a@b>", "a@b>", "a@b> SIZE=1", "a@b\r\nDATA", "a@b\n", "a\t@b", "a@b@c@", "a@@b", "a\"b@c",
               "\"a b\"@c", "a\\b@c", "(a)@b", "a,b@c", "a@b,c@d", "a;b@c", "a:b@c", "[a@b", "a@[127.0.0.1]", "a@b..c", "a@.b", "a@b.",
               "a@-b", "a@b-", "a@b_c", ".a@b", "a.@b", "a..b@c", "a\x01@b", "a\x7f@b", "María@example.org", "a@bücher.example",
               "a\u202e@b", "x" * 65 + "@b", "a@" + "b" * 64, "a@" + ".".join(["b" * 60] * 5), "|sh@b\r"]
        for address in bad:
            with self.subTest(address=address):
                self.assert_refused(self.send("--", address), EX_USAGE, "mail cannot be sent to")
                self.assert_refused(send("--server", self.server.url(), f"--from={address}", TO), EX_CONFIG,
                                    "mail cannot be sent from")

    def test_plain_addresses(self):
        good = ["maria@example.org", "m@b", "first.last+dosed@sub.example-site.org", "o'brien@example.org", "x" * 64 + "@b",
                "a_b=c/d!e#f$g%h&i*j?k^l`m{n|o}p~q@example.org", "1@2.3", "a@xn--bcher-kva.example", "a-@b"]
        sent = self.send(*good)
        self.assertEqual((sent.code, sent.said), (EX_OK, ""))
        self.assertEqual(self.server.envelopes[0].rcpt_tos, good)

    def test_lists_in_the_header_that_could_be_meant_otherwise(self):
        bad = ["a@b c@d", "a@b <c@d>", "<a@b> <c@d>", "<a@b", "a@b>", "\"a@b", "(a@b", "a@b (x", "x: a@b", "a@b;", "x: y: a@b;",
               "maria", "<>", "<maria>", "a@b, maria", "a b@c", "\"a b\"@c", "<@x:a@b>", "<a b@c>", "María <maría@example.org>",
               "a@b\\", "\"a\\", "(a\\", "(" * 100 + ")" * 100, "<a@b> c@d", "<a@b>:", ":a@b;", "a@b:c@d;"]
        for value in bad:
            with self.subTest(value=value):
                message = f"To: {value}\r\nSubject: x\r\n\r\n".encode()
                self.assert_refused(self.send("-t", message=message), EX_DATAERR, "To, Cc and Bcc")

    def test_lists_in_the_header_that_are_clear(self):
        good = {"a@b": ["a@b"], "<a@b>": ["a@b"], " < a@b > ": ["a@b"], "A <a@b>, B C. D <c@d>": ["a@b", "c@d"],
                "\"Evil, <x@y> \\\" : ; (\" <a@b>": ["a@b"], "a@b (c@d (e@f) \\) , )": ["a@b"], ",a@b,,c@d,": ["a@b", "c@d"],
                "undisclosed: ;, a@b": ["a@b"], "x: a@b, <c@d>;, e@f": ["a@b", "c@d", "e@f"],
                "=?UTF-8?B?TWFyw61h?=\r\n\t<a@b>,\r\n c@d": ["a@b", "c@d"], "a@b, a@b, <a@b>": ["a@b"],
                "Mar\u00eda <a@b>": ["a@b"]}
        for value, expected in good.items():
            with self.subTest(value=value):
                self.server.envelopes.clear()
                sent = self.send("-t", message=f"TO : {value}\r\nSubject: x\r\n\r\n".encode())
                self.assertEqual((sent.code, sent.said), (EX_OK, ""))
                self.assertEqual(self.server.envelopes[0].rcpt_tos, expected)

    def test_nobody_in_the_header(self):
        for message in (b"Subject: x\r\n\r\nTo: a@b\r\n", b"To: undisclosed-recipients:;\r\n\r\n", b"Reply-To: a@b\r\n\r\n"):
            with self.subTest(message=message):
                self.assert_refused(self.send("-t", message=message), EX_DATAERR, "nobody is named")

    def test_too_many_recipients(self):
        everybody = [f"p{i}@example.org" for i in range(101)]
        self.assert_refused(self.send(*everybody), EX_USAGE, "too many")
        self.assert_refused(self.send("-t", message=f"To: {', '.join(everybody)}\r\n\r\n".encode()), EX_DATAERR, "too many")
        self.assertEqual(self.send(*everybody[:100]).code, EX_OK)
        self.assertEqual(self.server.envelopes[0].rcpt_tos, everybody[:100])

    def test_who_may_read_or_change_the_password_file(self):
        for mode in (0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666, 0o777):
            with self.subTest(mode=oct(mode)):
                file = self.files.file("password", "hunter2", mode)
                self.assert_refused(self.send("--user=ana", "--password-file", file, TO), EX_CONFIG, "chmod 600")
        for mode in (0o600, 0o400, 0o700):
            with self.subTest(mode=oct(mode)):
                file = self.files.file(f"good-{mode}", "hunter2", mode)
                self.assertEqual(self.send("--user=ana", "--password-file", file, TO).code, EX_OK)

    def test_what_is_no_password_file(self):
        pipe = os.path.join(self.files.name, "pipe")
        os.mkfifo(pipe, 0o600)
        folder = os.path.join(self.files.name, "folder")
        os.mkdir(folder, 0o700)
        bad = {pipe: "not a regular file", folder: "not a regular file", "/dev/null": "not a regular file",
               "/dev/zero": "not a regular file", os.path.join(self.files.name, "none"): "No such file",
               self.files.file("empty", ""): "is empty", self.files.file("newline", "\n"): "is empty",
               self.files.file("nul", b"hunter2\0x"): "NUL", self.files.file("lines", "hunter2\nhunter3\n"): "more than one line",
               self.files.file("two", "hunter2\n\n"): "more than one line",
               self.files.file("long", "x" * 1025): "too long", self.files.file("longer", "x" * 100000): "too long"}
        for path, words in bad.items():
            with self.subTest(path=str(path)):
                sent = self.send("--user=ana", "--password-file", path, TO)
                self.assert_refused(sent, EX_CONFIG, words)
                self.assertNotIn("hunter", sent.said)
        file = self.files.file("longest", "x" * 1024 + "\r\n")
        self.assertEqual(self.send("--user=ana", "--password-file", file, TO).code, EX_OK)

    def test_a_credential_that_cannot_be_used_is_not_passed_over(self):
        self.files.file("smtp-password", b"\0")
        file = self.files.file("password", "hunter2")
        sent = self.send("--user=ana", "--password-file", file, TO, CREDENTIALS_DIRECTORY=self.files.name)
        self.assert_refused(sent, EX_CONFIG, "smtp-password", "NUL")

    def test_names_to_log_in_with(self):
        file = self.files.file("password", "hunter2")
        for user in ("a\nb", "a\x7f", "x" * 256):
            with self.subTest(user=user):
                self.assert_refused(self.send(f"--user={user}", "--password-file", file, TO), EX_CONFIG, "log in")

    def test_timeouts(self):
        for timeout in ("0", "-1", "601", "1.5", "1s", "x", " 5", "99999999999999999999", "0x10"):
            with self.subTest(timeout=timeout):
                self.assert_refused(self.send(f"--timeout={timeout}", TO), EX_CONFIG, "timeout")
        self.assertEqual(self.send(TO, DOSED_MAIL_TIMEOUT="600").code, EX_OK)

    def test_a_message_that_cannot_be_read_never_looks_like_one_that_may_have_arrived(self):
        # A folder as stdin: read() fails.
        fd = os.open(self.files.name, os.O_RDONLY)
        try:
            done = subprocess.run([program(), "--server", self.server.url(), "--from", FROM, TO], stdin=fd, env=environment(),
                                  capture_output=True, text=True, timeout=DEADLINE_SEC, check=False)
        finally:
            os.close(fd)
        self.assertEqual((done.returncode, done.stderr), (EX_OSERR, "the message cannot be read: Is a directory\n"))

    def test_addresses_of_this_machine_go_without_encryption(self):
        hosts = ["127.0.0.1", "127.0.0.1/", "localhost", "LOCALHOST", "127.1", "0x7f000001"]
        for host in hosts:
            name, _, path = host.partition("/")
            with self.subTest(host=host):
                sent = send(f"--server=smtp://{name}:{self.server.port}/{path}", "--from", FROM, TO)
                self.assertEqual((sent.code, sent.said), (EX_OK, ""))
        self.assertEqual(len(self.server.envelopes), len(hosts))


if __name__ == "__main__":
    unittest.main()
