"""``python -m photobooth_daemon.cli``: the same as ``photoboothctl``."""

from photobooth_daemon.cli import main

main(prog_name="photoboothctl")
