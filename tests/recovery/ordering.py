"""A runbook that orders its machine at a fake of CherryServers; what follows in a test belongs to that step."""

ORDERING = """
name = "mine"
title = "mine"
[[steps]]
name = "order"
kind = "create-machine"
provider = "cloud"
plan = "cloud_vps_1"
region = "eu_nord_1"
image = "debian_12_64bit"
pause_seconds = 0.1
"""
