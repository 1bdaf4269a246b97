"""What Bazel starts for a `py_test`: pytest on the given files."""

import sys

import pytest

if __name__ == "__main__":
    status = pytest.main(["-p", "no:cacheprovider", *sys.argv[1:]])
    # A file with nothing but slow tests has none by default.
    sys.exit(0 if status == pytest.ExitCode.NO_TESTS_COLLECTED else status)
