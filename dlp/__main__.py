"""`python -m dlp`: the command line."""

from dlp.cli import main

if __name__ == "__main__":
    main()
