"""``python -m medmat_core`` is ``medmat``."""

from medmat_core.cli import main

if __name__ == "__main__":
    main()
