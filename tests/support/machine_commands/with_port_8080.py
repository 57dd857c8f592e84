"""Runs a program with port 8080 handed over, as photobooth-daemon.socket does."""

import os
import socket
import sys

FIRST = 3
listening = socket.create_server(("", 8080), family=socket.AF_INET, backlog=1024)
os.dup2(listening.fileno(), FIRST)
os.set_inheritable(FIRST, True)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execvp(sys.argv[1], sys.argv[1:])
