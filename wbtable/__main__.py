"""``python -m wbtable`` is the command line."""

from wbtable.cli import main

main()
