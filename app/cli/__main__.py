"""`python -m app.cli` is the same as `saif`."""

from app.cli import main

main()
