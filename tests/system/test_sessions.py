# SPDX-License-Identifier: LGPL-2.1-or-later
"""dosed-agent in sessions of a booted system: tests/system/inside/sessions.py."""

import unittest

from container import inside

Sessions = inside("sessions")


if __name__ == "__main__":
    unittest.main()
