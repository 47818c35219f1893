# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real users on the bus of a booted system: tests/system/inside/users.py."""

import unittest

from container import inside

Users = inside("users")


if __name__ == "__main__":
    unittest.main()
