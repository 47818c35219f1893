# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lives with dosed under a virtual clock, seed after seed: the invariants of the engine hold at every step."""

import os
import re
import subprocess
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SIMULATE = ROOT / os.environ.get("DOSED_BUILD", "build/plain") / "tests/simulator"
SEEDS = int(os.environ.get("SEEDS", "118"))
YEARS = int(os.environ.get("YEARS", "3"))
FIRST = int(os.environ.get("SEED", "1"))
TOGETHER = 5  # lives in one process: so few that no processor waits long for the last of another


def live(first):
    count = min(TOGETHER, FIRST + SEEDS - first)
    return subprocess.run(
        [SIMULATE, str(first), str(count), str(YEARS)], capture_output=True, text=True, check=False
    )


def add_up(lines):
    """N person-years from seed M: A doses, B reminders ..., of all of them."""
    words = re.split(r"\d+", lines[0].strip())
    numbers = [sum(column) for column in zip(*([int(n) for n in re.findall(r"\d+", line)] for line in lines))]
    numbers[1] = FIRST
    return "".join(word + str(number) for word, number in zip(words, numbers)) + words[-1]


class Simulate(unittest.TestCase):
    def test_every_invariant_holds_in_every_life(self):
        said = []
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            for done in pool.map(live, range(FIRST, FIRST + SEEDS, TOGETHER)):
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                said.append(done.stdout)
        print(f"# {add_up(said)}", flush=True)


if __name__ == "__main__":
    unittest.main()
