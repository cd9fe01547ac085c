"""`python -m kuzushiji_submit` is `kuzushiji`."""

import sys

from kuzushiji_submit.cli import main

sys.exit(main())
