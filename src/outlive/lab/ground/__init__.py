"""What the lab stands on, and this project's tests too: a Docker engine, images, disks, and containers that play servers."""
