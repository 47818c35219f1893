# SPDX-License-Identifier: LGPL-2.1-or-later
"""Letters to caregivers, as a mail program reads them: whole, harmless, and the same in text and in HTML."""

import email
import email.header
import email.policy
import email.utils
import re
import unittest

from composing import TOKEN, Letter, at, dose, item, message, missed, run

RECORDED = {"kind": "taken", "taken": at("2026-11-23T09:40:00"), "recorded_by": "bruno", "note": "with breakfast"}
SKIPPED = {"kind": "skipped", "recorded_by": "desktop", "note": "felt sick"}
TROUBLE = "The ledger cannot be written. Is the disk full?"
SUMMARY = {"person": "ana", "from": at("2026-11-22T08:00:00"), "until": at("2026-11-23T08:00:00"), "taken": 5, "late": 1,
           "missed": 1}

# Every kind of event, and what its letter has for a subject.
LETTERS = {
    "A dose was not confirmed": [missed(if_missed="Leave it out.")],
    "A dose was not confirmed, a critical one": [missed(critical=True)],
    "3 doses were not confirmed, one of them critical": [missed(), missed(critical=True), missed()],
    "2 doses were not confirmed, 2 of them critical, and more": [
        missed(critical=True), missed(critical=True), item("degraded", person=None, text=TROUBLE)],
    "Nobody was reminded of 2 doses": [item("unattended", dose=dose(state="unattended")) for _ in range(2)],
    "A dose was skipped": [item("skipped", dose=dose(state="skipped", recorded=SKIPPED))],
    "A reminder of a dose": [item("alarm", dose=dose(state="due"))],
    "Confirmed after all": [item("resolved", dose=dose(state="taken", recorded=RECORDED)) for _ in range(2)],
    "News of 2 doses": [item("resolved", dose=dose(state="taken", recorded=RECORDED)),
                        item("resolved", dose=dose(state="skipped", recorded=SKIPPED))],
    "Was a medicine stopped?": [item("stopped", dose=dose())],
    "The plan was changed": [item("plan", text="added Lisinopril 10 mg"), item("plan", text="removed Lisinopril 5 mg")],
    "A medicine is running low": [item("stock", text="Lisinopril 10 mg: 6 tablets left")],
    "Something to ask a pharmacist or doctor": [item("finding", text="Lisinopril and Kalinor")],
    "A symptom was written down": [item("symptom", text="dizzy, 7 of 10, since Lisinopril")],
    "dosed needs somebody to look at it": [item("degraded", person=None, text=TROUBLE)],
    "dosed is well again": [item("degraded", person=None, text="")],
    "This is a rehearsal": [item("rehearsal")],
    "A dose was taken": [item("taken", dose=dose(state="taken", recorded=RECORDED))],
    "A dose was put off": [item("snoozed", dose=dose(state="snoozed", snoozed_until=at("2026-11-23T08:30:00")))],
    "A dose is due": [item("due", dose=dose(state="due"))],
    "dosed is well": [item("heartbeat", person=None)],
}

# What a file, a client or a phone may hold. The letter must stay a letter.
HOSTILE = [
    "Lisinopril\r\nBcc: evil@example.org\r\n\r\nbody",
    "Lisinopril\n.\nQUIT\n",
    "~!rm -rf /\n~r /etc/passwd",
    "x" * 100_000,
    "💊" * 30_000,
    "a " * 50_000,
    "\u202egm 01 lirponisiL\u202c \u2066x\u2069 אקמול",
    "<script>alert(1)</script><img src=http://example.org/x>\"'&amp;&#0;",
    "</bdi></li></body><!--",
    "=?UTF-8?B?QmNjOg==?= =_" + TOKEN,
    f"\r\n--=_{TOKEN}--\r\n",
    "\x01\x02\x03I\x03W\x1b[31m\x7f\x80",
    "%s%n @ # ~",
    "\ud7ff\u2028\u2029\ufeff\u200b",
    "   ",
    "",
]


def name_of(mail):
    """Of the To. The new parser of Python 3.11 puts a space between two encoded words (RFC 2047 6.2 has none), the old does not."""
    old = email.message_from_bytes(mail.as_bytes(), policy=email.policy.compat32)
    name, _ = email.utils.parseaddr(" ".join(old["To"].split("\r\n ")).replace("\n ", ""))
    return str(email.header.make_header(email.header.decode_header(name)))


class Case(unittest.TestCase):
    def assert_is_mail(self, letter):
        """What RFC 5322 and 2045 ask of it, byte by byte."""
        data = letter.bytes
        self.assertTrue(data.isascii())
        self.assertEqual(data.count(b"\r\n"), data.count(b"\n"))
        self.assertEqual(data.count(b"\r\n"), data.count(b"\r"))
        self.assertNotIn(b"\0", data)
        self.assertTrue(data.endswith(b"\r\n"))
        for line in data.split(b"\r\n"):
            self.assertLessEqual(len(line), 998 if line.startswith(b"Message-ID: ") else 78, line)
            self.assertNotEqual(line, b".")
            self.assertTrue(all(32 <= byte < 127 for byte in line), line)
        self.assertEqual(letter.mail.defects, [])
        self.assertLessEqual(len(data), 1024 * 1024)

        self.assertEqual(letter.mail.get_content_type(), "multipart/alternative")
        self.assertEqual([part.get_content_type() for part in letter.mail.iter_parts()], ["text/plain", "text/html"])
        for part in letter.mail.iter_parts():
            self.assertEqual((part.get_content_charset(), part["Content-Transfer-Encoding"]), ("utf-8", "base64"))
            self.assertEqual(part.defects, [])
        self.assertEqual(data.count(b"=_" + TOKEN.encode()), 4)

        self.assertEqual(letter.mail["Message-ID"], f"<dosed.{TOKEN}@home.example.org>")
        self.assertEqual(letter.mail["Auto-Submitted"], "auto-generated")
        names = [name.lower() for name in letter.mail.keys()]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual([name for name in names if name.startswith(("list-", "bcc", "cc", "precedence"))], [])

    def assert_says_the_same_twice(self, letter):
        marks = {"•", "***", "--", "\u2068", "\u2069"}
        text = letter.text.replace("\u2068", "").replace("\u2069", "").split()
        text = [word for word in text if word not in marks and word.strip("-")]
        html = [word for word in letter.words_of_html().words if word.strip("-") and word not in marks]
        self.assertEqual("".join(text), "".join(html))

    def assert_html_is_inert(self, letter):
        words = letter.words_of_html()
        allowed = {"html", "head", "meta", "title", "body", "div", "h1", "h2", "p", "strong", "ul", "li", "bdi", "hr"}
        self.assertEqual(set(words.tags) - allowed, set())
        self.assertEqual(
            {name for _, name, _ in words.attributes} - {"style", "lang", "charset", "name", "content"}, set()
        )
        self.assertNotIn("url(", letter.html.partition("<body")[2].partition(">")[0])


class Whole(Case):
    def test_every_kind_of_event_is_a_letter_with_its_subject(self):
        for subject, items in LETTERS.items():
            for full in (True, False):
                with self.subTest(subject=subject, full=full):
                    letter = Letter(message(*items, full=full))
                    self.assert_is_mail(letter)
                    self.assert_says_the_same_twice(letter)
                    self.assert_html_is_inert(letter)
                    self.assertEqual(letter.mail["Subject"], subject)
                    self.assertTrue(letter.text.startswith(subject + "\r\n\r\nHello Maria,\r\n"))

    def test_no_subject_names_a_medicine_or_a_person(self):
        for items in LETTERS.values():
            for full in (True, False):
                head = str(Letter(message(*items, full=full, to_name=None)).mail["Subject"])
                for name in ("Lisinopril", "Ana", "ana", "bruno", "tablet"):
                    self.assertNotIn(name, head)

    def test_little_detail_names_no_medicine_anywhere(self):
        for items in LETTERS.values():
            letter = Letter(message(*items, full=False))
            for name in ("Lisinopril", "tablet", "breakfast", "felt sick", "Leave it out", "dizzy", "ledger"):
                self.assertNotIn(name, letter.text + letter.html)
            self.assertIn("detail = minimal", letter.flat)

    def test_full_detail_names_no_medicine_that_is_private(self):
        letter = Letter(message(missed(confidential=True, if_missed="Leave it out.")))
        self.assertNotIn("Lisinopril", letter.text)
        self.assertNotIn("Leave it out", letter.text)
        self.assertIn("• A dose, due at 08:00 on Monday 23 November 2026", letter.flat)

    def test_the_same_message_is_the_same_bytes(self):
        case = message(missed())
        self.assertEqual(Letter(case).bytes, Letter(case).bytes)
        self.assertNotEqual(Letter(case).bytes, Letter({**case, "token": "f" * 32}).bytes)


class Says(Case):
    def test_a_missed_dose_was_not_confirmed_which_is_all_that_is_known(self):
        letter = Letter(message(missed(if_missed="Leave it out.")))
        for words in (
            "Nobody has confirmed one of Ana's doses:",
            "• Lisinopril 10 mg, 1 tablet, due at 08:00 on Monday 23 November 2026",
            "The plan has this rule for a missed dose: “Leave it out.”",
            "Perhaps it was taken, and nobody recorded it.",
            "Please ask Ana before anybody gives it now, and never give a double dose to make up for it.",
        ):
            self.assertIn(words, letter.flat)
        for words in ("not taken", "missed his", "must"):
            self.assertNotIn(words, letter.flat)

    def test_each_person_is_named_with_their_own_doses(self):
        bruno = item(person="bruno", dose=dose(person="bruno", title="Eye drops"))
        letter = Letter(message(missed(), bruno, missed(title="Metformin")))
        flat = letter.flat
        places = [flat.index(words) for words in ("2 of Ana's doses", "Lisinopril", "Metformin", "one of Bruno's doses",
                                                  "Eye drops", "Please ask the person before")]
        self.assertEqual(places, sorted(places))

    def test_doses_are_in_the_order_in_which_they_were_due(self):
        told = [("2026-11-23T20:00:00", "B"), ("2026-11-22T20:00:00", "C"), ("2026-11-23T20:00:00", "A"), ("2026-11-23T08:00:00", "D")]
        for event, state in (("missed", "missed"), ("resolved", "skipped"), ("alarm", "due")):
            items = [item(event, dose=dose(due=due, title=title, state=state, recorded=SKIPPED)) for due, title in told]
            letter = Letter(message(*items))
            self.assertEqual(re.findall(r"• ([A-D]),", letter.flat), ["C", "D", "A", "B"], event)

    def test_what_is_of_no_dose_is_in_the_order_in_which_it_was_told(self):
        letter = Letter(message(*[item("plan", text=f"added {name}") for name in ("Zinc", "Aspirin", "Metformin")]))
        self.assertEqual(re.findall(r"• (\w+) was added", letter.flat), ["Zinc", "Aspirin", "Metformin"])

    def test_the_zone_is_said_where_the_reader_has_another(self):
        letter = Letter(message(missed(), zone="Europe/Berlin"))
        self.assertIn("due at 08:00 on Monday 23 November 2026 in UTC (09:00 in Europe/Berlin)", letter.flat)
        self.assertEqual(letter.mail["Date"], "Mon, 23 Nov 2026 11:01:00 +0100")
        letter = Letter(message(item(zone="Europe/Lisbon", dose=dose()), zone="Pacific/Auckland"))
        self.assertIn("in Europe/Lisbon (21:00 in Pacific/Auckland)", letter.flat)
        letter = Letter(message(item(zone="America/St_Johns", dose=dose()), zone="Asia/Kolkata"))
        self.assertIn("04:30 on Monday 23 November 2026 in America/St_Johns (13:30 in Asia/Kolkata)", letter.flat)
        letter = Letter(message(item(zone="Europe/Lisbon", dose=dose()), zone="UTC"))
        self.assertNotIn("Europe/Lisbon", letter.flat)

    def test_what_nobody_was_reminded_of_is_one_paragraph(self):
        letter = Letter(message(*[item("unattended", dose=dose(state="unattended")) for _ in range(3)], missed()))
        self.assertEqual(letter.flat.count("For a while dosed was not running"), 1)
        self.assertEqual(letter.flat.count("Please ask Ana"), 1)

    def test_resolved_says_what_became_of_each(self):
        outcomes = {
            "taken at 09:40, given by Inês, recorded by bruno: “with breakfast”.":
                dose(state="taken", recorded={**RECORDED, "given_by": "Inês"}),
            "taken at 00:10 on Tuesday 24 November 2026, recorded by bruno.":
                dose(state="taken", recorded={**RECORDED, "taken": at("2026-11-24T00:10:00"), "note": None}),
            "skipped, recorded on the screen: “felt sick”.": dose(state="skipped", recorded=SKIPPED),
            "not in the plan any more, nobody waits for it.": dose(state="skipped", recorded={"kind": "withdrawn"}),
            "open again, it can be confirmed until 10:00.": dose(state="due"),
            "not due yet.": dose(state="upcoming"),
            "moved to another time of the plan.": dose(state="moved"),
            "not counted, the person is away.": dose(state="away"),
        }
        for words, now in outcomes.items():
            with self.subTest(words):
                self.assertIn(f"on Monday 23 November 2026: {words}", Letter(message(item("resolved", dose=now))).flat)
        self.assertIn("A dose is not in the ledger any more.", Letter(message(item("resolved"))).flat)

    def test_a_reason_is_told_with_full_detail_only(self):
        skipped = item("skipped", dose=dose(state="skipped", recorded=SKIPPED))
        self.assertIn("“felt sick”", Letter(message(skipped)).flat)
        self.assertNotIn("felt sick", Letter(message(skipped, full=False)).flat)

    def test_the_plan_says_what_changed(self):
        items = [item("plan", text=text) for text in ("added Ä", "changed B", "removed C", "added", "turned over D")]
        flat = Letter(message(*items)).flat
        for words in ("• Ä was added", "• B was changed", "• C was taken off the plan", "• a medicine was added",
                      "• turned over D"):
            self.assertIn(words, flat)
        flat = Letter(message(*items, full=False)).flat
        for words in ("• a medicine was added", "• a medicine was taken off the plan", "• something was changed"):
            self.assertIn(words, flat)

    def test_a_summary_counts_and_brings_what_was_put_off(self):
        vitamin = item(kind="VITAMIN", in_summary=True, dose=dose(title="Vitamin D"))
        letter = Letter(message(item("summary", in_summary=True), vitamin, summaries=[SUMMARY]))
        self.assertEqual(letter.mail["Subject"], "Summary of the day")
        flat = letter.flat
        places = [flat.index(words) for words in ("For Ana, from 08:00 on Sunday 22 November 2026 until 08:00 on Monday 23",
                                                  "5 doses were taken", "1 of them was late", "1 was not confirmed",
                                                  "Vitamin D, 1 tablet (vitamin), due at")]
        self.assertEqual(places, sorted(places))
        self.assertNotIn("skipped", flat)
        week = {**SUMMARY, "from": at("2026-11-16T08:00:00")}
        self.assertEqual(Letter(message(item("summary"), summaries=[week])).mail["Subject"], "Summary of the week")

    def test_what_cannot_wait_leads_a_letter_with_a_summary(self):
        letter = Letter(message(item("summary"), missed(), summaries=[SUMMARY]))
        self.assertEqual(letter.mail["Subject"], "A dose was not confirmed, and more")
        self.assertLess(letter.flat.index("Nobody has confirmed"), letter.flat.index("5 doses were taken"))

    def test_a_summary_without_doses_says_so(self):
        none = {key: SUMMARY[key] for key in ("person", "from", "until")}
        self.assertIn("no dose was due", Letter(message(item("summary"), summaries=[none])).flat)

    def test_a_late_letter_says_when_it_should_have_come(self):
        late = "This message is late. It should have been sent at 12:00 on Monday 23 November 2026."
        for made, is_late in (("2026-11-23T12:30:00", False), ("2026-11-23T13:00:00", False), ("2026-11-23T13:30:00", True)):
            held = item(dose=dose(), not_before=at("2026-11-23T12:00:00"))
            self.assertEqual(late in Letter(message(held, made=made)).flat, is_late, made)
        put_off = item(dose=dose(), in_summary=True)
        self.assertNotIn("is late", Letter(message(put_off, item("summary", happened="2026-11-25T08:00:00"),
                                                   made="2026-11-25T08:00:00", summaries=[SUMMARY])).flat)

    def test_a_rehearsal_is_no_alarm(self):
        flat = Letter(message(item("rehearsal"))).flat
        self.assertIn("Nothing has happened.", flat)
        self.assertIn("A pretend dose", flat)
        self.assertNotIn("Please ask", flat)

    def test_only_a_critical_dose_that_nobody_confirmed_is_of_importance(self):
        for items, importance in (
            ([missed(critical=True)], "high"),
            ([missed()], None),
            ([item("resolved", dose=dose(state="taken", critical=True, recorded=RECORDED))], None),
        ):
            self.assertEqual(Letter(message(*items)).mail["Importance"], importance)


class Bounded(Case):
    def test_fifty_are_listed_and_the_others_counted(self):
        for n, more in ((50, None), (51, "and 1 more"), (1000, "and 950 more")):
            letter = Letter(message(*[missed(title=f"Medicine {i}") for i in range(n)]))
            self.assertEqual(letter.text.count("• Medicine"), min(n, 50))
            self.assertEqual("more" in letter.text, more is not None)
            self.assertIn(more or f"{n} of Ana's", letter.flat)
            self.assert_is_mail(letter)
            self.assert_says_the_same_twice(letter)

    def test_a_person_behind_the_fiftieth_is_named_all_the_same(self):
        bruno = item(person="bruno", dose=dose(person="bruno"))
        letter = Letter(message(*[missed() for _ in range(60)], bruno))
        self.assertIn("Nobody has confirmed one of Bruno's doses: • 1, not listed here", letter.flat)

    def test_the_largest_letter_stays_within_its_limit(self):
        large = "<" * 100_000
        items = [
            item(event, text=large, dose=dose(title=large, amount=large, if_missed=large, recorded={**RECORDED, "note": large}))
            for event in ("missed", "unattended", "resolved", "stock", "finding", "symptom", "skipped", "taken")
            for _ in range(60)
        ]
        letter = Letter(message(*items))
        self.assert_is_mail(letter)
        self.assertGreater(len(letter.bytes), 300_000)


class Hostile(Case):
    def test_texts_of_the_plan_and_of_people_stay_text(self):
        for text in HOSTILE:
            with self.subTest(text=text[:40]):
                items = [missed(title=text, amount=text, if_missed=text),
                         item("resolved", dose=dose(state="taken", title=text, recorded={
                             **RECORDED, "recorded_by": text, "given_by": text, "note": text})),
                         *[item(event, text=text) for event in ("plan", "stock", "finding", "symptom", "degraded")],
                         item("plan", text="added " + text)]
                letter = Letter(message(*items, people={"ana": text}))
                self.assert_is_mail(letter)
                self.assert_says_the_same_twice(letter)
                self.assert_html_is_inert(letter)
                self.assertEqual(letter.mail["Subject"], "A dose was not confirmed, and more")
                for line in letter.text.split("\r\n"):
                    self.assertFalse(line.startswith(("Bcc", ".", "~")), line)
                    self.assertFalse(any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u202e\u202d\u2066" for c in line), line)

    def test_names_in_headers_stay_names(self):
        for text in HOSTILE + ['Maria "Mia" Müller', "Maria, Dr. (retired) <x@y>", "Ō" * 90, "Maria\\", "Dr. O'Neill; RN",
                               "word " * 60, "x" * 70, "  spaces  inside "]:
            with self.subTest(text=text[:40]):
                letter = Letter(message(missed(), to_name=text, from_name=text))
                self.assert_is_mail(letter)
                for header, address in (("To", "maria@example.org"), ("From", "dosed@home.example.org")):
                    (parsed,) = letter.mail[header].addresses
                    self.assertEqual(parsed.addr_spec, address)
                for line in letter.head.split(b"\r\n"):
                    for word in line.split():
                        if word.startswith(b"=?"):
                            self.assertLessEqual(len(word), 75)

    def test_a_name_arrives_as_it_was_written(self):
        for name in ("Maria", "Maria Müller", 'Maria "Mia" Müller', "Dr. Maria, née O'Neill", "יוסי כהן", "Zoë 💊",
                     "Łukasz Żółć z bardzo długim nazwiskiem, które nie mieści się w jednym wierszu nagłówka", "a\\b\"c"):
            with self.subTest(name=name):
                letter = Letter(message(missed(), to_name=name))
                self.assertEqual(name_of(letter.mail), name)
                self.assertIn(f"Hello {name},", letter.flat.replace("\u2068", "").replace("\u2069", ""))

    def test_text_from_right_to_left_does_not_turn_what_is_around_it(self):
        letter = Letter(message(missed(title="אקמול 500")))
        self.assertIn("\u2068אקמול 500\u2069, 1 tablet, due at 08:00", letter.flat)
        self.assertIn("<bdi>אקמול 500</bdi>, ", letter.html)
        self.assertNotIn("\u2068", Letter(message(missed(title="Lisinopril"))).text)

    def test_bad_addresses_are_refused(self):
        for address in ("", "maria", "@example.org", "maria@", "a@b\r\nBcc: c@d", "a b@c", "a@b c", "<a@b>", "a@b>", "a,b@c",
                        "a@b,c@d", "a@-b", "a@b-", "a..b@c", ".a@b", "a.@b", "a@b..c", "a@[127.0.0.1]", "mária@b", "a@bü",
                        '"a b"@c', "a@b\x00c", "x" * 65 + "@b", "a@" + "b" * 64, "a@" + ".".join(["b" * 60] * 5), "-@b\n", "a@b "):
            for key in ("to", "from"):
                with self.subTest(key=key, address=address):
                    if "\x00" not in address:
                        self.assertEqual(run("letter", message(missed(), **{key: address})).returncode, 3)
        for address in ("a@b", "maria.o'neill+dosed@mail.example.org", "x" * 64 + "@b", "root@localhost", "a@xn--bcher-kva.example"):
            self.assertEqual(run("letter", message(missed(), to=address)).returncode, 0, address)

    def test_a_host_that_is_none_is_nobodys(self):
        for host in (None, "", "a b", "x\r\nBcc: y", "a>b", "-a", "ü"):
            letter = Letter(message(missed(), host=host))
            self.assertEqual(letter.mail["Message-ID"], f"<dosed.{TOKEN}@dosed.invalid>")

    def test_a_token_that_is_none_is_an_error(self):
        for token in ("", 'a"b', "a\r\nb", "x" * 65, "ü"):
            self.assertEqual(run("letter", message(missed(), token=token)).returncode, 1)
        self.assertEqual(run("letter", message()).returncode, 1)


if __name__ == "__main__":
    unittest.main()
