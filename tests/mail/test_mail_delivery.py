# SPDX-License-Identifier: LGPL-2.1-or-later
"""dosed-mail with a real mail server: what arrives, for whom, encrypted or not, logged in or not."""

import email
import email.policy
import tempfile
import unittest

from servers import (FROM, MESSAGE, TO, Folder, MailServer, Passwords, has_ipv6, make_certificate, program, send, start,
                     tls_context)

EX_OK, EX_DATAERR, EX_NOUSER, EX_UNAVAILABLE, EX_TEMPFAIL, EX_NOPERM, EX_CONFIG = 0, 65, 67, 69, 75, 77, 78


class WithServer(unittest.TestCase):
    def serve(self, *arguments, **options):
        server = MailServer(*arguments, **options)
        self.addCleanup(server.close)
        return server

    def folder(self):
        folder = Folder()
        self.addCleanup(folder.cleanup)
        return folder

    def assert_sent(self, sent, shown=False):
        self.assertEqual((sent.code, sent.said), (EX_OK, "127.0.0.1 says: 250 2.0.0 taken\n" if shown else ""), sent.shown)
        if not shown:
            self.assertEqual(sent.shown, "")


class Plain(WithServer):
    def test_a_message_arrives_as_it_was_composed(self):
        server = self.serve()
        self.assert_sent(send("--server", server.url(), "--from", FROM, TO))
        (envelope,) = server.envelopes
        self.assertEqual((envelope.mail_from, envelope.rcpt_tos), (FROM, [TO]))
        self.assertEqual(envelope.original_content, MESSAGE)

    def test_settings_come_from_the_environment_so_that_nobody_sees_them(self):
        server = self.serve()
        self.assert_sent(send("--to-header", DOSED_MAIL_SERVER=server.url(), DOSED_MAIL_FROM=FROM))
        self.assertEqual(server.envelopes[0].rcpt_tos, [TO])

    def test_an_option_stands_over_the_environment(self):
        server = self.serve()
        self.assert_sent(send("--from", FROM, "-t", DOSED_MAIL_SERVER=server.url(), DOSED_MAIL_FROM="other@example.org"))
        self.assertEqual(server.envelopes[0].mail_from, FROM)

    def test_a_proxy_of_the_environment_is_not_asked(self):
        server = self.serve()
        proxies = {name: "socks5://127.0.0.1:1" for name in ("all_proxy", "ALL_PROXY", "smtp_proxy", "smtps_proxy")}
        self.assert_sent(send("--server", server.url(), "--from", FROM, TO, **proxies))

    def test_everybody_in_the_header_gets_it_once_and_nobody_reads_bcc(self):
        server = self.serve()
        message = (b"From: dosed@example.org\r\n"
                   b"To: =?UTF-8?B?TWFyw61h?= <maria@example.org>,\r\n \"Son, the younger\" <son@example.org>\r\n"
                   b"Cc: maria@example.org, friends: joe@example.org, (he moved) ann@example.org;\r\n"
                   b"bcc: secret@example.org,\r\n\thidden@example.org\r\n"
                   b"Subject: x\r\n\r\nBcc: this is the body\r\n")
        self.assert_sent(send("--server", server.url(), "--from", FROM, "-t", message=message))
        (envelope,) = server.envelopes
        self.assertEqual(envelope.rcpt_tos, ["maria@example.org", "son@example.org", "joe@example.org", "ann@example.org",
                                             "secret@example.org", "hidden@example.org"])
        self.assertNotIn(b"secret", envelope.original_content)
        self.assertNotIn(b"hidden", envelope.original_content)
        self.assertTrue(envelope.original_content.endswith(b"ann@example.org;\r\nSubject: x\r\n\r\nBcc: this is the body\r\n"))

    def test_lines_end_alike_whatever_they_ended_in(self):
        server = self.serve()
        message = b"From: a@b\nTo: maria@example.org\nSubject: x\rBcc: evil@example.org\n\none\r\ntwo\nthree\rfour\r\r\n\n\r.\nend"
        self.assert_sent(send("--server", server.url(), "--from", FROM, "-t", message=message))
        (envelope,) = server.envelopes
        self.assertEqual(envelope.rcpt_tos, [TO])
        self.assertEqual(envelope.original_content,
                         b"From: a@b\r\nTo: maria@example.org\r\nSubject: x Bcc: evil@example.org\r\n\r\n"
                         b"one\r\ntwo\r\nthree\r\nfour\r\n\r\n\r\n\r\n.\r\nend\r\n")

    def test_lone_dots_end_no_message(self):
        server = self.serve()
        for dot in (b".", b"..", b".x", b".\r\n.", b"\n.\nMAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\n", b"\r.\r", b"\n.\r\n"):
            message = MESSAGE + dot + b"\r\nafter\r\n.\r\n"
            with self.subTest(dot=dot):
                server.envelopes.clear()
                self.assert_sent(send("--server", server.url(), "--from", FROM, TO, message=message))
                (envelope,) = server.envelopes
                self.assertEqual(envelope.original_content.splitlines(), message.splitlines())

    def test_a_dot_at_every_place_of_a_long_message_arrives(self):
        server = self.serve()
        # libcurl takes a message in pieces: one of these lines begins at each end of a piece.
        message = MESSAGE + b"".join(b".%s\r\n" % (b"x" * (i % 61)) for i in range(9000))
        self.assert_sent(send("--server", server.url(), "--from", FROM, TO, message=message))
        self.assertEqual(server.envelopes[0].original_content, message)

    def test_bytes_past_ascii_arrive_unchanged(self):
        server = self.serve()
        message = MESSAGE + "Grüße, 薬, \u202e💊 \xa0\r\n".encode() + b"\xff\xfe\x80\r\n\x01\x1b[31m\r\n"
        self.assert_sent(send("--server", server.url(), "--from", FROM, TO, message=message))
        self.assertEqual(server.envelopes[0].original_content, message)

    def test_what_arrives_is_a_message(self):
        server = self.serve()
        message = (b"From: dosed <dosed@example.org>\nTo: =?UTF-8?B?TWFyw61h?= <maria@example.org>\n"
                   b"Subject: =?UTF-8?B?RG9zaXM=?=\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
                   b"Content-Transfer-Encoding: base64\n\nSG9sYSwgTWFyw61hCg==\n")
        self.assert_sent(send("--server", server.url(), "--from", FROM, "-t", message=message))
        parsed = email.message_from_bytes(server.envelopes[0].original_content, policy=email.policy.default)
        self.assertEqual((parsed["To"], parsed["Subject"]), ("María <maria@example.org>", "Dosis"))
        self.assertEqual(parsed.get_content(), "Hola, María\n")
        self.assertNotIn("Message-ID", parsed)  # what a message says is its writer's

    def test_the_largest_message_arrives(self):
        server = self.serve()
        line = b"x" * 98 + b"\r\n"
        message = MESSAGE + line * ((1024 * 1024 - len(MESSAGE)) // 100)
        self.assert_sent(send("--server", server.url(), "--from", FROM, TO, message=message))
        self.assertEqual(server.envelopes[0].original_content, message)

    def test_a_larger_one_or_none_or_a_bad_one_is_refused_before_anything_is_said(self):
        server = self.serve()
        bad = {
            "too large": MESSAGE + b"x\r\n" * (1024 * 1024 // 3),
            "empty": b"",
            "NUL": MESSAGE + b"a\0b\r\n",
            "header fields": b"just text\r\n",
            "header fields ": b"\r\nSubject: too late\r\n",
            "header fields  ": b" Subject: folded into nothing\r\n\r\n",
            "header fields   ": b"Subject: x\r\nno field\r\n\r\n",
        }
        for word, message in bad.items():
            with self.subTest(word=word):
                sent = send("--server", server.url(), "--from", FROM, TO, message=message)
                self.assertEqual((sent.code, sent.said.count("\n")), (EX_DATAERR, 1))
                self.assertIn(word.strip(), sent.said)
        self.assertEqual(server.envelopes, [])

    @unittest.skipUnless(has_ipv6(), "::1 cannot be bound here: nothing was sent by IPv6")
    def test_ipv6(self):
        server = self.serve("::1")
        self.assertIn("[::1]", server.url())
        self.assert_sent(send("--server", server.url(), "--from", FROM, TO))
        self.assertEqual(len(server.envelopes), 1)

    def test_the_conversation_is_shown_without_the_message(self):
        server = self.serve()
        sent = send("--server", server.url() + "/home.example.org", "--from", FROM, "--verbose", TO)
        self.assert_sent(sent, shown=True)
        lines = sent.shown.splitlines()
        for line in ("> EHLO home.example.org", f"> MAIL FROM:<{FROM}>", f"> RCPT TO:<{TO}>", "> DATA", "> (the message)",
                     "< 250 2.0.0 taken", "> QUIT"):
            self.assertIn(line, lines)
        self.assertNotIn("Hello", sent.shown)

    def test_a_reader_of_the_conversation_who_leaves_stops_nothing(self):
        server = self.serve()
        child = start("--server", server.url(), "--from", FROM, "--verbose", TO)
        child.stdout.close()
        child.stdin.write(MESSAGE)
        child.stdin.close()
        self.assertEqual(child.wait(100), EX_OK)
        self.assertEqual(child.stderr.read(), b"127.0.0.1 says: 250 2.0.0 taken\n")
        child.stderr.close()
        self.assertEqual(len(server.envelopes), 1)


class Refused(WithServer):
    def send(self, server, *recipients):
        return send("--server", server.url(), "--from", FROM, *recipients)

    def test_who_is_busy_is_asked_again_later(self):
        server = self.serve(answers={"DATA": {"": ["451 4.3.0 try again in a minute"]}})
        sent = self.send(server, TO)
        self.assertEqual((sent.code, sent.said), (EX_TEMPFAIL, "127.0.0.1 says: 451 4.3.0 try again in a minute\n"))
        self.assertEqual(server.envelopes, [])
        self.assert_sent(self.send(server, TO))
        self.assertEqual(len(server.envelopes), 1)

    def test_nobody_of_that_name(self):
        server = self.serve(answers={"RCPT": {TO: ["550-5.1.1 no such user;\r\n550-5.1.1 is the name right?\r\n550 5.1.1"]}})
        sent = self.send(server, TO)
        self.assertEqual((sent.code, sent.said), (EX_NOUSER, "127.0.0.1 says: 550 5.1.1 no such user; is the name right?\n"))

    def test_a_message_that_nobody_wants(self):
        server = self.serve(answers={"DATA": {"": ["554 5.7.1 looks like an advertisement"]}})
        sent = self.send(server, TO)
        self.assertEqual((sent.code, sent.said), (EX_UNAVAILABLE, "127.0.0.1 says: 554 5.7.1 looks like an advertisement\n"))

    def test_one_refused_recipient_does_not_stop_the_others(self):
        server = self.serve(answers={"RCPT": {"b@example.org": ["550 5.1.1 who is that"]}})
        sent = self.send(server, "a@example.org", "b@example.org", "c@example.org")
        self.assertEqual((sent.code, sent.said), (EX_UNAVAILABLE, "127.0.0.1 took it for 2 of 3 recipients, but says for "
                                                                  "b@example.org: 550 5.1.1 who is that\n"))
        self.assertEqual(server.envelopes[0].rcpt_tos, ["a@example.org", "c@example.org"])

    def test_one_that_is_refused_for_now_is_asked_again(self):
        server = self.serve(answers={"RCPT": {"a@example.org": ["550 no"], "b@example.org": ["450 4.2.1 greylisted"]}})
        sent = self.send(server, "a@example.org", "b@example.org", "c@example.org")
        self.assertEqual(sent.code, EX_TEMPFAIL)
        self.assertIn("took it for 1 of 3 recipients", sent.said)

    def test_all_are_refused(self):
        for answers, code in (({"a@b": ["550 no"], "c@d": ["550 no"]}, EX_NOUSER),
                              ({"a@b": ["550 no"], "c@d": ["450 wait"]}, EX_TEMPFAIL),
                              ({"a@b": ["450 wait"], "c@d": ["450 wait"]}, EX_TEMPFAIL),
                              ({"a@b": ["550 no"], "c@d": ["552 full"]}, EX_UNAVAILABLE)):
            with self.subTest(answers=str(answers)):
                server = self.serve(answers={"RCPT": answers})
                sent = self.send(server, "a@b", "c@d")
                self.assertEqual((sent.code, sent.said.count("\n")), (code, 1))
                self.assertIn("takes it for none of 2 recipients, and says for a@b: ", sent.said)
                self.assertEqual(server.envelopes, [])


class Encrypted(WithServer):
    @classmethod
    def setUpClass(cls):
        cls.keys = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.keys.cleanup)
        cls.key, cls.certificate = make_certificate(cls.keys.name)

    def tls(self):
        return tls_context(self.key, self.certificate)

    def test_starttls(self):
        server = self.serve(tls_context=self.tls(), require_starttls=True)
        for url in (server.url(), server.url(host="localhost")):
            with self.subTest(url=url):
                self.assert_sent(send("--server", url, "--from", FROM, "--ca-file", self.certificate, TO))
        self.assertEqual([envelope.is_encrypted for envelope in server.envelopes], [True, True])

    def test_encrypted_at_once(self):
        server = self.serve(at_once=self.tls())
        sent = send("--server", server.url("smtps"), "--from", FROM, "--verbose", TO, DOSED_MAIL_CA_FILE=str(self.certificate))
        self.assert_sent(sent, shown=True)
        self.assertIn("* SSL connection using TLS", sent.shown)
        self.assertEqual(len(server.envelopes), 1)

    def test_a_certificate_of_nobody_known_is_not_believed(self):
        server = self.serve(at_once=self.tls())
        sent = send("--server", server.url("smtps"), "--from", FROM, TO)
        self.assertEqual(sent.code, EX_TEMPFAIL)
        self.assertIn("127.0.0.1 does not prove by its certificate who it is: ", sent.said)
        self.assertEqual(server.envelopes, [])

    def test_a_certificate_of_another_name_is_not_believed(self):
        with tempfile.TemporaryDirectory() as folder:
            key, certificate = make_certificate(folder, "DNS:elsewhere.example.org")
            server = self.serve(at_once=tls_context(key, certificate))
            sent = send("--server", server.url("smtps"), "--from", FROM, "--ca-file", certificate, TO)
        self.assertEqual(sent.code, EX_TEMPFAIL)
        self.assertIn("does not prove", sent.said)
        self.assertEqual(server.envelopes, [])

    def test_a_file_that_holds_no_certificate(self):
        server = self.serve(at_once=self.tls())
        for path in (self.folder().file("none.pem", "no certificate\n"), "/nonexistent/ca.pem"):
            with self.subTest(path=str(path)):
                sent = send("--server", server.url("smtps"), "--from", FROM, "--ca-file", path, TO)
                self.assertEqual((sent.code, sent.said.count("\n")), (EX_CONFIG, 1), sent.said)

    # Connecting to 0.0.0.0 reaches this machine, but it is no loopback address: a server elsewhere to dosed-mail.
    def test_a_server_elsewhere_gets_nothing_unencrypted(self):
        passwords = Passwords("ana", "correct horse")
        server = self.serve(authenticator=passwords, auth_require_tls=False)
        file = self.folder().file("password", "correct horse\n")
        sent = send("--server", server.url(host="0.0.0.0"), "--from", FROM, "--user=ana", "--password-file", file, TO)
        self.assertEqual(sent.code, EX_TEMPFAIL)
        self.assertIn("offers no encryption (STARTTLS), and nothing is sent without", sent.said)
        self.assertEqual((passwords.asked, server.envelopes), (0, []))

    def test_a_server_elsewhere_is_spoken_to_encrypted(self):
        with tempfile.TemporaryDirectory() as folder:
            key, certificate = make_certificate(folder, "IP:0.0.0.0")
            server = self.serve(tls_context=tls_context(key, certificate))
            untrusted = send("--server", server.url(host="0.0.0.0"), "--from", FROM, TO)
            self.assert_sent(send("--server", server.url(host="0.0.0.0"), "--from", FROM, "--ca-file", certificate, TO))
        self.assertEqual(untrusted.code, EX_TEMPFAIL)
        self.assertEqual([envelope.is_encrypted for envelope in server.envelopes], [True])

    def test_starttls_is_wanted_on_loopback_too_where_a_certificate_was_named(self):
        server = self.serve()
        sent = send("--server", server.url(), "--from", FROM, "--ca-file", self.certificate, TO)
        self.assertEqual((sent.code, server.envelopes), (EX_TEMPFAIL, []))
        self.assertIn("offers no encryption", sent.said)


class LoggedIn(WithServer):
    PASSWORD = "pass wörd: \"#1\" "

    def setUp(self):
        self.passwords = Passwords("ana@example.org", self.PASSWORD)
        self.files = self.folder()

    def server(self, **options):
        return self.serve(authenticator=self.passwords, auth_required=True, auth_require_tls=False, **options)

    def send(self, server, *arguments, **variables):
        return send("--server", server.url(), "--from", FROM, "--user", "ana@example.org", *arguments, TO, **variables)

    def test_with_the_password_of_a_file(self):
        server = self.server()
        for end in ("", "\n", "\r\n"):
            with self.subTest(end=end):
                file = self.files.file("password", self.PASSWORD + end)
                self.assert_sent(self.send(server, "--password-file", file))
        self.assert_sent(self.send(server, DOSED_MAIL_PASSWORD_FILE=str(file)))
        self.assertEqual(len(server.envelopes), 4)

    def test_with_either_way_that_a_server_may_know(self):
        file = self.files.file("password", self.PASSWORD)
        for other, way in (("LOGIN", "PLAIN"), ("PLAIN", "LOGIN")):
            with self.subTest(way=way):
                server = self.server(auth_exclude_mechanism=[other])
                sent = self.send(server, "--password-file", file, "--verbose")
                self.assert_sent(sent, shown=True)
                self.assertIn(f"> AUTH {way}\n", sent.shown)
                self.assertIn("> (not shown)\n", sent.shown)
                self.assertEqual(len(server.envelopes), 1)

    def test_with_the_credential_of_the_service_manager(self):
        server = self.server()
        # With an access list for the service's user, the group seems to read it.
        self.files.file("smtp-password", self.PASSWORD, 0o440)
        wrong = self.files.file("other", "wrong")
        self.assert_sent(self.send(server, "--password-file", wrong, CREDENTIALS_DIRECTORY=self.files.name))
        self.assertEqual(len(server.envelopes), 1)

    def test_where_there_is_no_credential_the_file_counts(self):
        server = self.server()
        file = self.files.file("password", self.PASSWORD)
        self.assert_sent(self.send(server, "--password-file", file, CREDENTIALS_DIRECTORY=self.files.name))

    def test_a_wrong_password(self):
        server = self.server()
        file = self.files.file("password", "hunter2!")
        sent = self.send(server, "--password-file", file, "--verbose")
        self.assertEqual((sent.code, self.passwords.asked, server.envelopes), (EX_NOPERM, 1, []))
        self.assertRegex(sent.said, r"\A127\.0\.0\.1 refuses the login: 535 .+\n\Z")
        for secret in ("hunter2", "aHVudGVyMi"):
            self.assertNotIn(secret, sent.said + sent.shown)

    def test_a_server_that_wants_a_login_and_gets_none(self):
        server = self.server()
        sent = send("--server", server.url(), "--from", FROM, TO)
        self.assertEqual(sent.code, EX_NOPERM)
        self.assertIn("says: 530 ", sent.said)

    def test_inside_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            key, certificate = make_certificate(folder)
            server = self.serve(authenticator=self.passwords, auth_required=True, require_starttls=True,
                                tls_context=tls_context(key, certificate))
            file = self.files.file("password", self.PASSWORD)
            sent = self.send(server, "--password-file", file, "--ca-file", certificate, "--verbose")
        self.assert_sent(sent, shown=True)
        self.assertLess(sent.shown.index("> STARTTLS"), sent.shown.index("> AUTH"))
        self.assertEqual(len(server.envelopes), 1)


class Program(unittest.TestCase):
    def test_it_explains_itself(self):
        for option, text in (("--help", "--to-header"), ("--version", "dosed-mail ")):
            sent = send(option)
            self.assertEqual((sent.code, sent.said), (EX_OK, ""))
            self.assertIn(text, sent.shown)

    def test_it_was_built(self):
        self.assertTrue(program().endswith("/dosed-mail"))


if __name__ == "__main__":
    unittest.main()
