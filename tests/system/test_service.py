# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service of a household under a booted systemd: tests/system/inside/service.py."""

import unittest

from container import inside

Service = inside("service")


if __name__ == "__main__":
    unittest.main()
