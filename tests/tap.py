# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the unittest cases of one Python file and tells the results as TAP."""

import importlib.util
import sys
import unittest
from pathlib import Path


class TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.number = 0

    def tell(self, test, good, directive="", detail=""):
        self.number += 1
        name = test.id().rpartition(".")[2] if isinstance(test, unittest.TestCase) else str(test)
        sentence = name.removeprefix("test_").replace("_", " ")
        print(f"{'' if good else 'not '}ok {self.number} - {sentence}{directive}")
        for line in detail.splitlines():
            print(f"#  {line}")
        sys.stdout.flush()

    def addSuccess(self, test):
        super().addSuccess(test)
        self.tell(test, True)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.tell(test, False, detail=self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.tell(test, False, detail=self.errors[-1][1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.tell(test, True, f" # SKIP {reason}")

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.tell(test, True)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.tell(test, False, detail="was expected to fail")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.tell(subtest, False, detail=self._exc_info_to_string(err, test))


def load(path):
    sys.path.insert(0, str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return unittest.defaultTestLoader.loadTestsFromModule(module)


def main():
    result = TapResult()
    load(Path(sys.argv[1])).run(result)
    print(f"1..{result.number}")
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
