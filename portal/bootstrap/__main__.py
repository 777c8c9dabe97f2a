"""Started by its path, before anything is installed: as a part of `portal` it would begin with Celery."""

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[0] = str(HERE.parent)
prepare = importlib.import_module(f"{HERE.name}.prepare")
del sys.path[0]

sys.exit(prepare.main(sys.argv[1:]))
