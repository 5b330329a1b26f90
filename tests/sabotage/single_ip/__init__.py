"""Tests that break the lab single-ip, one after the other: one running lab serves all of them."""
