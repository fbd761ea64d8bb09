"""The way in: ``python -m bench`` from the checkout."""

from __future__ import annotations

import sys

from bench.run import main

sys.exit(main())
