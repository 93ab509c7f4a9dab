"""`python -m journeykit` is the same as `journeykit`."""

from journeykit.cli import main

if __name__ == "__main__":
    main()
