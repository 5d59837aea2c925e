"""`python -m tests.hostile`: see tests/end_to_end/hostile.py."""

from tests.end_to_end.hostile import main

if __name__ == "__main__":
    main()
