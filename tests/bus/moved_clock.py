# SPDX-License-Identifier: LGPL-2.1-or-later
"""A dosed whose realtime clock is set by the test, by tests/faults/move-clock.c."""

import os
import struct
from datetime import timedelta

from harness import program

SHIM = program("tests/move-clock.so")


class MovedClock:
    """
    How far the clock of a dosed is from the real one:

        clock = MovedClock(dosed.folder)
        dosed.start(**clock.environment)
        clock.move(timedelta(hours=2))
    """

    def __init__(self, folder):
        self.offset, self.fifo = folder / "offset", folder / "set"
        os.mkfifo(self.fifo)
        self.moved = timedelta()
        self.write(self.moved)
        self.environment = {
            "LD_PRELOAD": ":".join(filter(None, [os.environ.get("LD_PRELOAD"), SHIM])),
            "DOSED_CLOCK_OFFSET": str(self.offset),
            "DOSED_CLOCK_SET": str(self.fifo),
            "ASAN_OPTIONS": ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"])),
        }
        # Open, so that what is written stays there until the daemon reads it.
        self.writing = os.open(self.fifo, os.O_RDWR)

    def write(self, moved):
        # In place: the daemon has it mapped.
        with open(self.offset, "r+b" if self.offset.exists() else "w+b") as file:
            file.write(struct.pack("=q", int(moved.total_seconds()) * 10**9))

    def move(self, moved):
        """So far from the real time; and dosed is told, as the kernel tells."""
        self.moved = moved
        self.write(moved)
        os.write(self.writing, b"12345678")

    def close(self):
        os.close(self.writing)
