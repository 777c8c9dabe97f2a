"""The portal on one machine with its sealed records in a bucket: what `bench.bucket` measures."""

from __future__ import annotations

import json
import os

from portal.settings.local import *  # noqa: F403
from portal.settings.local import STORAGES

STORAGES = STORAGES | {
    "sealed": {"BACKEND": "portal.core.backends.Bucket", "OPTIONS": json.loads(os.environ["BENCH_BUCKET"])}
}
