"""``python -m photobooth_daemon``: the same as ``photobooth-daemon``."""

from photobooth_daemon.process.main import main

main()
