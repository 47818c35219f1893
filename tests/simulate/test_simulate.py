# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lives with dosed under a virtual clock, seed after seed: the invariants of the engine hold at every step."""

import os
import subprocess
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SIMULATE = ROOT / os.environ.get("DOSED_BUILD", "build/plain") / "tests/simulator"
PERSONS = int(os.environ.get("SEEDS", "120"))
YEARS = int(os.environ.get("YEARS", "3"))
FIRST = int(os.environ.get("SEED", "1"))
SHARDS = min(PERSONS, os.cpu_count() or 1)


def live(shard):
    count = PERSONS // SHARDS + (shard < PERSONS % SHARDS)
    first = FIRST + shard * (PERSONS // SHARDS) + min(shard, PERSONS % SHARDS)
    return subprocess.run(
        [SIMULATE, str(first), str(count), str(YEARS)], capture_output=True, text=True, check=False
    )


class Simulate(unittest.TestCase):
    def test_every_invariant_holds_in_every_life(self):
        with ThreadPoolExecutor(SHARDS) as pool:
            for done in pool.map(live, range(SHARDS)):
                print(f"# {done.stdout.strip()}", flush=True)
                self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
