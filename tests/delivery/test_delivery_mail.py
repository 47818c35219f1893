# SPDX-License-Identifier: LGPL-2.1-or-later
"""A dose is missed, and a caregiver's mail program shows it: by real servers, by other mail programs, whatever the plan holds."""

import shutil
import unittest
from datetime import timedelta

from told import ANA, MARIA, SENDER, Told, calendar, caregiver, event, html_of, mail, parse, text_of

from servers import Folder, MailServer, Passwords, make_certificate, tls_context


class Conversations(Told):
    def serve_really(self, **options):
        server = MailServer(**options)
        self.addCleanup(server.close)
        return server

    def tls(self):
        folder = Folder()
        self.addCleanup(folder.cleanup)
        key, certificate = make_certificate(folder.name)
        return tls_context(key, certificate), certificate

    def envelope(self, server, **keys):
        """What arrives of one missed dose."""
        self.put("Aspirin")
        self.start(ANA, caregiver(), mail(server, **keys))
        self.miss("Aspirin")
        self.wait_for(lambda: server.envelopes, "no letter came")
        (envelope,) = server.envelopes
        self.assertEqual((envelope.mail_from, envelope.rcpt_tos), (SENDER, [MARIA]))
        return envelope

    def assert_is_the_letter(self, content):
        letter = parse(content)
        self.assertEqual(letter.defects, [])
        self.assertEqual((letter["From"], letter["To"]), (f"dosed <{SENDER}>", f"Maria <{MARIA}>"))
        self.assertEqual(letter["Subject"], "A dose was not confirmed, a critical one")
        self.assertEqual(letter["Auto-Submitted"], "auto-generated")
        self.assertRegex(letter["Message-ID"], r"^<dosed\.[0-9a-f]{32}@example\.org>$")
        written = letter["Date"].datetime
        self.assertLess(abs(written - self.beginning - timedelta(hours=3)), timedelta(minutes=10))
        for said in (text_of(letter), html_of(letter)):
            self.assertIn("Ana", said)
            self.assertIn("was not confirmed", said)
            self.assertNotIn("Aspirin", said)
        return letter

    def test_plain(self):
        self.assert_is_the_letter(self.envelope(self.serve_really()).original_content)

    def test_encrypted(self):
        context, certificate = self.tls()
        envelope = self.envelope(self.serve_really(tls_context=context, require_starttls=True), ca_file=certificate)
        self.assertTrue(envelope.is_encrypted)
        self.assert_is_the_letter(envelope.original_content)

    def test_logged_in(self):
        context, certificate = self.tls()
        passwords = Passwords("ana", "pa ss\"wörd")
        file = self.folder / "password"
        file.write_text("pa ss\"wörd\n")
        file.chmod(0o600)
        server = self.serve_really(tls_context=context, authenticator=passwords, auth_required=True)
        envelope = self.envelope(server, ca_file=certificate, user="ana", password_file=file)
        self.assertEqual(passwords.asked, 1)
        self.assert_is_the_letter(envelope.original_content)

    def test_the_wrong_password_is_visible_and_not_in_the_log(self):
        file = self.folder / "password"
        file.write_text("wrong\n")
        file.chmod(0o600)
        context, certificate = self.tls()
        server = self.serve_really(tls_context=context, authenticator=Passwords("ana", "right"), auth_required=True)
        self.put("Aspirin")
        self.start(ANA, caregiver(), mail(server, ca_file=certificate, user="ana", password_file=file))
        self.miss("Aspirin")
        self.assertIn("caregiver maria", self.wait_degraded("535"))
        self.assertNotIn("wrong", self.dosed.stderr())


class OtherPrograms(Told):
    def test_a_script_gets_a_complete_message(self):
        """It is renamed into place: what is there is whole."""
        script = self.folder / "sendmail"
        script.write_text(f'#!/bin/sh\necho "$@" >{self.folder}/arguments\ncat >{self.folder}/part\n'
                          f"mv {self.folder}/part {self.folder}/message\n")
        script.chmod(0o755)
        self.put("Aspirin")
        self.start(ANA, caregiver(), f"[mail]\nfrom = {SENDER}\ncommand = {script} -t 'two words'\n")
        self.miss("Aspirin")
        self.wait_for((self.folder / "message").exists, "the script got nothing")
        self.assertEqual((self.folder / "arguments").read_text(), "-t two words\n")
        content = (self.folder / "message").read_bytes()
        self.assertEqual(content.count(b"\n"), content.count(b"\r\n"))
        letter = parse(content)
        self.assertEqual(letter.defects, [])
        self.assertEqual((letter["To"], letter["Subject"]),
                         (f"Maria <{MARIA}>", "A dose was not confirmed, a critical one"))
        for name in ("From", "Date", "Message-ID", "MIME-Version"):
            self.assertEqual(len(letter.get_all(name)), 1, name)
        self.assertIn("was not confirmed", text_of(letter))

    @unittest.skipUnless(shutil.which("msmtp"), "msmtp is not installed")
    def test_msmtp_sends_it(self):
        server = self.serve()
        self.put("Aspirin")
        self.start(ANA, caregiver(), f"[mail]\nfrom = {SENDER}\ncommand = {shutil.which('msmtp')} --file=/dev/null "
                   f"--host=127.0.0.1 --port={server.port} --tls=off --auth=off --from={SENDER} -t\n")
        self.miss("Aspirin")
        (letter,) = self.wait_letters(server, address=MARIA)
        self.assertIn("was not confirmed", text_of(letter))


class Settled(Told):
    def test_who_was_told_hears_that_it_was_confirmed_after_all(self):
        server = self.serve()
        self.put("Aspirin")
        self.start("[person ana]\nname = Ana\ncaregivers = maria, nora\n\n", caregiver(), caregiver("nora", detail="full"),
                   mail(server))
        self.miss("Aspirin")
        first = {address: self.wait_letters(server, 1, f"{address}@example.org")[0] for address in ("maria", "nora")}
        self.dosed.dosectl("take", "Aspirin", "--note", "found in the box", "--by", "Bruno", check=0)
        for address, letter in first.items():
            told, settled = self.wait_letters(server, 2, f"{address}@example.org")
            self.assertEqual(told["Message-ID"], letter["Message-ID"])
            self.assertNotEqual(settled["Message-ID"], told["Message-ID"])
            self.assertEqual(settled["Subject"], "Confirmed after all")
            for said in (text_of(settled), html_of(settled), text_of(told), html_of(told)):
                self.assertEqual("Aspirin" in said, address == "nora", said)
            self.assertEqual("found in the box" in text_of(settled), address == "nora")

    def test_who_was_not_told_hears_nothing(self):
        """Nora would be told after an hour."""
        server = self.serve()
        self.put("Aspirin", PRIORITY="5")
        self.start("[person ana]\nname = Ana\ncaregivers = maria, nora\n\n", caregiver(), caregiver("nora", after="1h"),
                   mail(server))
        self.miss("Aspirin")
        self.move_to(self.due + timedelta(hours=1, minutes=2))
        self.wait_letters(server, 1, MARIA)
        self.dosed.dosectl("take", "Aspirin", check=0)
        self.move_to(self.due + timedelta(hours=3))
        self.assertEqual([letter["Subject"] for letter in self.wait_letters(server, 2)],
                         ["A dose was not confirmed", "Confirmed after all"])
        # One more round, in which Nora would be told by now.
        self.put("Ibuprofen", due=self.due + timedelta(hours=4))
        self.miss("Ibuprofen", due=self.due + timedelta(hours=4))
        self.assertEqual([letter["Subject"] for letter in self.wait_letters(server, 1, "nora@example.org")],
                         ["A dose was not confirmed, a critical one"])


# As they stand in a file; what a reader may see of each, in text.
HOSTILE = {
    "crlf": (r"Aspirin\nBcc: evil@example.org\n\nbody", "Aspirin Bcc: evil@example.org"),
    "dots": (r"Aspirin\n.\nQUIT\n.", "Aspirin . QUIT ."),
    "tilde": (r"~!id\n~r /etc/passwd", "~!id ~r /etc/passwd"),
    "long": ("Aspirin " + "x" * 8000, "Aspirin xxxxxxxx"),
    "emoji": ("💊 Aspirin " + "💊" * 1500, "💊 Aspirin 💊"),
    "rtl": ("\u202egm 01 nirips\u202c \u2066x אקמול", "אקמול"),
    "markup": ("<script>alert(1)</script><img src=http://example.org/x>\"'&amp;", "<img src=http://example.org/x>"),
    "encoded": ("=?UTF-8?B?QmNjOg==?= %s%n", "=?UTF-8?B?QmNjOg==?= %s%n"),
}
# What changes the direction of what follows, or is no character.
NEVER_IN_TEXT = ["\u202a", "\u202b", "\u202d", "\u202e", "\0", "\x1b"]


class Hostile(Told):
    def test_whatever_the_plan_holds_a_letter_stays_a_letter(self):
        server = self.serve()
        for name, (summary, _) in HOSTILE.items():
            self.dosed.put_ics(name, self.entry(name, summary))
        self.dosed.put_ics("large", self.entry("large", "Aspirin" * 15_000))  # 100 kB
        self.start(ANA, caregiver(detail="full"), mail(server))
        self.wait_degraded("large.ics")
        self.move_to(self.due)
        self.wait_for(lambda: self.count("due") == len(HOSTILE), lambda: f"{self.count('due')} are due")
        self.move_to(self.due + timedelta(hours=1, seconds=1))
        self.wait_for(lambda: self.count("missed") == len(HOSTILE), lambda: f"{self.count('missed')} are missed")

        # They come in one letter or more, by how fast one is sent.
        self.wait_for(lambda: self.named(server) >= HOSTILE.keys(), lambda: f"named were {self.named(server)}")
        self.assert_letters(server)

    def entry(self, name, summary):
        return calendar(event(summary, self.due, uid=name, X_DOSED_WINDOW="PT1H", PRIORITY="1", DESCRIPTION=summary,
                              X_DOSED_AMOUNT=summary[:900], X_DOSED_IF_MISSED=summary))

    def named(self, server):
        said = " ".join(" ".join(text_of(letter).split()) for letter in server.letters())
        return {name for name, (_, words) in HOSTILE.items() if words in said}

    def assert_letters(self, server):
        for address, content in server.arrived:
            self.assertEqual(address, MARIA)
            content.decode("ascii")
            self.assertLessEqual(max(map(len, content.split(b"\r\n"))), 998)
            self.assertEqual(content.count(b"\n"), content.count(b"\r\n"))
            letter = parse(content)
            self.assertEqual(letter.defects, [])
            self.assertEqual(sorted(letter.keys()), sorted(set(letter.keys())))
            self.assertNotIn("Bcc", letter)
            self.assertEqual([part.get_content_type() for part in letter.walk()],
                             ["multipart/alternative", "text/plain", "text/html"])
            for word in NEVER_IN_TEXT:
                self.assertNotIn(word, text_of(letter))
            html = html_of(letter)
            for tag in ("<script", "<img", "<a ", "http-equiv", "<link"):
                self.assertNotIn(tag, html)

    def test_a_note_and_a_reason_are_hostile_too(self):
        server = self.serve()
        self.put("Aspirin")
        self.put("Ibuprofen", due=self.due + timedelta(hours=4))
        self.start(ANA, caregiver(detail="full"), mail(server))
        self.miss("Aspirin")
        self.wait_letters(server, 1)
        nasty = "~!id <img src=x> . =?UTF-8?B?QmNjOg==?= אקמול 💊"
        for refused in ("a\r\nBcc: evil@example.org\r\n.\r\n", "\u202ex", "x" * 100_000):
            self.dosed.dosectl("take", "Aspirin", "--note", refused, check=1)
        self.dosed.dosectl("take", "Aspirin", "--note", nasty, "--by", nasty, check=0)
        self.wait_letters(server, 2)
        self.move_to(self.due + timedelta(hours=4))
        self.wait_dose("Ibuprofen", "due")
        self.dosed.dosectl("skip", "Ibuprofen", nasty)
        self.wait_letters(server, 3)
        self.assert_letters(server)
        for letter in server.letters()[1:]:
            self.assertIn("~!id <img src=x>", " ".join(text_of(letter).split()))


if __name__ == "__main__":
    unittest.main()
