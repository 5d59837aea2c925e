"""`python -m tests.faults`: see tests/end_to_end/faults.py."""

from tests.end_to_end.faults import main

if __name__ == "__main__":
    main()
