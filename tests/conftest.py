"""Fixtures that every layer of the suite shares."""

from __future__ import annotations

import hypothesis

hypothesis.settings.register_profile("suite", deadline=None)  # slow machines are not wrong results
hypothesis.settings.load_profile("suite")
