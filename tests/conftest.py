"""Fixtures that every layer of the suite shares."""
