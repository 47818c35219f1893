# SPDX-License-Identifier: LGPL-2.1-or-later
"""A plan that comes from a CalDAV server: tests/system/inside/sync.py."""

import unittest

from container import inside

Sync = inside("sync")


if __name__ == "__main__":
    unittest.main()
