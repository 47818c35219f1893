# SPDX-License-Identifier: LGPL-2.1-or-later
"""The sample hooks, each run as dosed runs it with a real event, against a real peer on loopback."""

import http.server
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "deliver"))
from composing import DEADLINE_SEC, ROOT, compose, dose, item, message, missed

HOOKS = ROOT / "data/hooks"
PATH = "/usr/local/bin:/usr/bin:/bin"
DELIVERED, REFUSED, PERHAPS, LATER, BAD_SETTINGS = 0, 1, 74, 75, 78


def run_hook(name, case, *arguments, path=PATH):
    """With the environment that dosed gives: its own variables and three more."""
    variables = compose("environment", case).decode().splitlines()
    environment = {"PATH": path, "LANG": "C.UTF-8", "TZ": "UTC", **dict(line.split("=", 1) for line in variables)}
    return subprocess.run(
        [str(HOOKS / name), *map(str, arguments)],
        input=compose("event", case),
        env=environment,
        capture_output=True,
        timeout=DEADLINE_SEC,
        check=False,
    )


def event(kind, **more):
    return message(item(kind, dose=dose(state="due", **more)))


HOSTILE = 'a"; touch /tmp/x; $(id) `id` %s \\ \n\n.\n~!id --config=/etc/passwd <b>&amp; אקמול 💊'


class Sink:
    """An HTTP server that answers what it is told to, and remembers what it was sent."""

    def __init__(self):
        self.answer, self.requests = 200, []
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                sink.requests.append((self.command, self.path, dict(self.headers), body))
                if sink.answer is None:
                    self.close_connection = True
                    return
                self.send_response(sink.answer)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST = do_PUT = do

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="dosed-hooks-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def settings(self, text):
        path = self.folder / "settings"
        path.write_text(text)
        return path

    def assert_ends(self, done, code):
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        if code != DELIVERED:
            self.assertTrue(done.stderr.strip(), "it says nothing about why")


class Http(Case):
    """What all hooks that use curl have in common, and what each of them sends."""

    def setUp(self):
        super().setUp()
        self.sink = Sink()
        self.addCleanup(self.sink.close)
        self.file = self.settings(f'url = "{self.sink.url}/topic"\nheader = "Authorization: Bearer secret"\n')

    def request(self):
        self.assertEqual(len(self.sink.requests), 1)
        return self.sink.requests[0]

    def test_ntfy_gets_a_sentence_under_a_headline(self):
        self.assert_ends(run_hook("ntfy", missed_message(critical=True), self.file), DELIVERED)
        method, path, headers, body = self.request()
        self.assertEqual((method, path), ("POST", "/topic"))
        self.assertEqual(headers["Title"], "A dose was not confirmed, a critical one")
        self.assertEqual(headers["Priority"], "urgent")
        self.assertEqual(headers["Authorization"], "Bearer secret")
        self.assertEqual(body.decode(), "Ana: Lisinopril 10 mg, 1 tablet, due at 08:00, was not confirmed.")

    def test_ntfy_does_not_shout_of_what_is_not_critical_or_is_settled(self):
        for case in (missed_message(), event("taken", critical=True)):
            self.sink.requests.clear()
            self.assert_ends(run_hook("ntfy", case, self.file), DELIVERED)
            self.assertEqual(self.request()[2]["Priority"], "default")

    def test_ntfy_names_no_medicine_unless_asked_to(self):
        self.assert_ends(run_hook("ntfy", {**missed_message(), "full": False}, self.file), DELIVERED)
        self.assertEqual(self.request()[3].decode(), "Ana: a dose, due at 08:00, was not confirmed.")

    def test_ntfy_takes_hostile_names_as_text(self):
        self.assert_ends(run_hook("ntfy", missed_message(title=HOSTILE), self.file), DELIVERED)
        _, _, headers, body = self.request()
        self.assertIn("touch /tmp/x; $(id) `id` %s \\   . ~!id --config=/etc/passwd <b>&amp; אקמול 💊", body.decode())
        self.assertEqual(headers["Title"], "A dose was not confirmed")

    def test_a_webhook_gets_the_whole_event(self):
        case = missed_message(title=HOSTILE)
        self.assert_ends(run_hook("webhook", case, self.file), DELIVERED)
        method, _, headers, body = self.request()
        self.assertEqual((method, headers["Content-Type"]), ("POST", "application/json"))
        self.assertEqual(body, compose("event", case))
        self.assertEqual(json.loads(body)["state"], "missed")

    def test_a_heartbeat_sends_nothing_about_anybody(self):
        self.assert_ends(run_hook("healthchecks", message(item("heartbeat", person=None)), self.file), DELIVERED)
        method, path, headers, body = self.request()
        self.assertEqual((method, path, body), ("GET", "/topic", b""))
        self.assertNotIn("dosed", str(headers))

    def test_the_heartbeat_hook_takes_nothing_else_for_a_sign_of_life(self):
        self.assert_ends(run_hook("healthchecks", missed_message(), self.file), BAD_SETTINGS)
        self.assertEqual(self.sink.requests, [])

    def test_what_the_server_answers_decides_whether_it_is_tried_again(self):
        answers = {200: 0, 204: 0, 302: 75, 400: 1, 401: 1, 404: 1, 408: 75, 429: 75, 500: 75, 502: 75, 503: 75}
        for hook, case in (("ntfy", missed_message()), ("webhook", missed_message()), ("healthchecks", heartbeat())):
            for answer, code in answers.items():
                with self.subTest(hook=hook, answer=answer):
                    self.sink.answer = answer
                    done = run_hook(hook, case, self.file)
                    self.assert_ends(done, code)
                    if code:
                        self.assertIn(str(answer), done.stderr.decode())

    def test_a_server_that_hangs_up_after_it_was_told_may_have_understood(self):
        self.sink.answer = None
        self.assert_ends(run_hook("webhook", missed_message(), self.file), PERHAPS)
        self.assertEqual(len(self.sink.requests), 1)

    def test_nobody_listens_is_tried_again(self):
        with socket.socket() as mute:
            mute.bind(("127.0.0.1", 0))  # taken, and nobody accepts
            file = self.settings(f'url = "http://127.0.0.1:{mute.getsockname()[1]}/"\n')
            for hook, case in (("ntfy", missed_message()), ("webhook", missed_message()), ("healthchecks", heartbeat())):
                with self.subTest(hook=hook):
                    self.assert_ends(run_hook(hook, case, file), LATER)

    def test_settings_that_are_not_there_or_wrong_fail_for_good(self):
        self.assert_ends(run_hook("webhook", missed_message(), self.folder / "none"), BAD_SETTINGS)
        self.assert_ends(run_hook("webhook", missed_message(), self.settings("url = file:///etc/passwd\n")), REFUSED)
        self.assertNotEqual(run_hook("webhook", missed_message()).returncode, DELIVERED)

    def test_secrets_are_on_no_command_line(self):
        """A curl that tells what it was given."""
        fake = self.folder / "curl"
        fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{self.folder}/arguments\nprintf 200\n')
        fake.chmod(0o755)
        self.assert_ends(run_hook("ntfy", missed_message(), self.file, path=f"{self.folder}:{PATH}"), DELIVERED)
        arguments = (self.folder / "arguments").read_text()
        self.assertIn("Title: ", arguments)
        self.assertNotIn("secret", arguments)
        self.assertNotIn(self.sink.url, arguments)
        self.assertNotIn("Lisinopril", arguments)


def missed_message(**more):
    return message(missed(**more))


def heartbeat():
    return message(item("heartbeat", person=None))


class Broker:
    """mosquitto on a free port of loopback, for one user with a password."""

    def __init__(self, folder):
        self.folder = folder
        passwords = folder / "passwords"
        subprocess.run(["mosquitto_passwd", "-c", "-b", str(passwords), "dosed", "secret"], check=True,
                       timeout=DEADLINE_SEC, capture_output=True)
        for _ in range(10):
            with socket.create_server(("127.0.0.1", 0)) as free:
                self.port = free.getsockname()[1]
            # As root mosquitto becomes another user, who cannot read our folder.
            (folder / "broker.conf").write_text(
                f"listener {self.port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\nuser root\n"
                "log_dest stderr\n"
            )
            self.process = subprocess.Popen(
                ["/usr/sbin/mosquitto", "-c", str(folder / "broker.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                text=True,
            )
            said = []
            for line in self.process.stderr:
                if line.rstrip().endswith("running"):
                    return
                said.append(line)
            self.close()
        # Nobody is that much quicker than we to take a free port.
        raise AssertionError(f"mosquitto does not start: {said}")

    def close(self):
        """It keeps nothing that wants saving, and does not always hear a SIGTERM."""
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()


class Mqtt(Case):
    def setUp(self):
        super().setUp()
        self.broker = Broker(self.folder)
        self.addCleanup(self.broker.close)
        self.options("dosed", "secret")

    def options(self, user, password):
        settings = self.folder / "mqtt"
        settings.mkdir(exist_ok=True)
        (settings / "mosquitto_pub").write_text(f"-h 127.0.0.1\n-p {self.broker.port}\n-u {user}\n-P {password}\n")

    def run_hook(self, case):
        return run_hook("mqtt", case, self.folder / "mqtt")

    def subscribe(self):
        """Returns once the broker has taken the subscription: it says so where it is asked to tell everything."""
        subscriber = subprocess.Popen(
            ["stdbuf", "-oL", "mosquitto_sub", "-d", "-h", "127.0.0.1", "-p", str(self.broker.port), "-u", "dosed", "-P",
             "secret", "-q", "1", "-t", "dosed/#", "-C", "1", "-W", str(DEADLINE_SEC), "-F", ">%t %p"],
            stdout=subprocess.PIPE, text=True,
        )

        def end():
            subscriber.kill()
            subscriber.communicate()

        self.addCleanup(end)
        for line in subscriber.stdout:
            if "SUBACK" in line:
                return subscriber
        raise AssertionError("no answer to the subscription")

    def received(self, subscriber):
        (line,) = [line for line in subscriber.stdout if line.startswith(">")]
        topic, _, payload = line[1:].partition(" ")
        return topic, json.loads(payload)

    def test_the_broker_gets_the_event(self):
        case = missed_message(title=HOSTILE)
        subscriber = self.subscribe()
        self.assert_ends(self.run_hook(case), DELIVERED)
        self.assertEqual(self.received(subscriber), ("dosed/events", json.loads(compose("event", case))))

    def test_nothing_of_it_is_on_a_command_line(self):
        fake = self.folder / "mosquitto_pub"
        fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{self.folder}/arguments\n')
        fake.chmod(0o755)
        self.assert_ends(run_hook("mqtt", missed_message(), self.folder, path=f"{self.folder}:{PATH}"), DELIVERED)
        arguments = (self.folder / "arguments").read_text()
        self.assertIn("dosed/events", arguments)
        for word in ("ana", "missed", "Lisinopril"):
            self.assertNotIn(word, arguments)

    def test_a_wrong_password_fails_for_good(self):
        self.options("dosed", "wrong")
        self.assert_ends(self.run_hook(missed_message()), REFUSED)

    def test_settings_that_are_not_there_fail_for_good(self):
        self.assert_ends(run_hook("mqtt", missed_message(), self.folder / "none"), BAD_SETTINGS)

    def test_no_broker_is_tried_again(self):
        self.broker.close()
        self.assert_ends(self.run_hook(missed_message()), LATER)


class Speech(Case):
    """speech-dispatcher does not start without a sound card: what stands in for spd-say writes down what it is to say."""

    def setUp(self):
        super().setUp()
        (self.folder / "bin").mkdir()

    def fake(self, end):
        path = self.folder / "bin/spd-say"
        path.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{self.folder}/arguments; cat >{self.folder}/said\n{end}\n')
        path.chmod(0o755)

    def run_hook(self, case, *arguments):
        return run_hook("speech", case, *arguments, path=f"{self.folder}/bin:{PATH}")

    def test_it_says_the_sentence(self):
        self.fake("exit 0")
        self.assert_ends(self.run_hook(event("due"), "--rate", "-20"), DELIVERED)
        self.assertEqual((self.folder / "said").read_text(), " Ana: Lisinopril 10 mg, 1 tablet, is due since 08:00.\n")
        self.assertEqual((self.folder / "arguments").read_text().split(), ["--wait", "--pipe-mode", "--rate", "-20"])

    def test_a_name_is_no_command_of_the_speaker(self):
        self.fake("exit 0")
        self.assert_ends(self.run_hook(message(item("due", person=None, dose=dose(title="!-! SET PITCH 9")))), DELIVERED)
        said = (self.folder / "said").read_text().splitlines()
        self.assertEqual(len(said), 1)
        self.assertTrue(said[0].startswith(" !-! SET PITCH 9"))

    def test_nobody_speaks_is_tried_again(self):
        self.fake("echo no connection >&2; exit 1")
        self.assert_ends(self.run_hook(event("due")), LATER)

    def test_without_spd_say_it_fails_for_good(self):
        # Another machine may have it in one of the usual places.
        for tool in ("jq", "id", "sh"):
            (self.folder / "bin" / tool).symlink_to(shutil.which(tool, path=PATH))
        self.assert_ends(run_hook("speech", event("due"), path=str(self.folder / "bin")), REFUSED)


class Log(Case):
    def test_each_event_is_one_line(self):
        file = self.folder / "log"
        cases = [{**missed_message(title=HOSTILE), "token": "1" * 32}, {**heartbeat(), "token": "2" * 32}]
        for case in cases:
            self.assert_ends(run_hook("log", case, file), DELIVERED)
        lines = file.read_text().splitlines()
        self.assertEqual(len(lines), 2)
        self.assertTrue(lines[0].startswith("2026-11-23T10:00:00Z  missed  ana  Ana: a\"; touch /tmp/x;"))
        self.assertEqual(lines[1], f"2026-11-23T10:00:00Z  heartbeat  -  dosed plans and tells as it should.  [{'2' * 32}]")
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)

    def test_an_event_that_comes_twice_is_written_once(self):
        file = self.folder / "log"
        for _ in range(2):
            self.assert_ends(run_hook("log", missed_message(), file), DELIVERED)
        self.assertEqual(len(file.read_text().splitlines()), 1)

    def test_what_cannot_be_written_is_tried_again(self):
        self.assert_ends(run_hook("log", missed_message(), self.folder / "not-there" / "log"), LATER)
        if os.path.exists("/dev/full"):
            self.assert_ends(run_hook("log", missed_message(), "/dev/full"), LATER)


class All(unittest.TestCase):
    def test_each_says_how_it_is_set_up_and_where_it_is_installed(self):
        for path in sorted(HOOKS.iterdir()):
            with self.subTest(hook=path.name):
                text = path.read_text()
                self.assertTrue(os.access(path, os.X_OK))
                self.assertTrue(text.startswith("#!/bin/sh\n"))
                if path.name != "http-post":
                    self.assertIn(f"command = /usr/share/dosed/hooks/{path.name}", text)
                    self.assertIn("[hook ", text)


if __name__ == "__main__":
    unittest.main()
