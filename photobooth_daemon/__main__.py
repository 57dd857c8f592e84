"""``python -m photobooth_daemon``: the same as ``photobooth-daemon``."""

from photobooth_daemon.daemon import main

main()
