#!/usr/bin/python3
"""An S3-compatible object store in one process: OpenStack Swift, of Debian's python3-swift.

    /usr/bin/python3 swift_server.py DIRECTORY PORT ACCESS_KEY SECRET_KEY [ADDRESS]

Account, container, object and proxy server on loopback, or the last one at an address, with s3api
and tempauth in front. Says a line once it listens; SIGTERM ends it. The access key is written as
tempauth writes users: ``account:user``. A bucket can be named in the host, too: BUCKET.store.test.
DIRECTORY has to be on a file system with extended attributes.
"""

# ruff: noqa: E402 - nothing may be imported before eventlet has patched it
import eventlet

eventlet.monkey_patch()

import os
import signal
import sys
import time
from pathlib import Path

from eventlet import wsgi
from swift.common import utils

DIRECTORY, PORT = Path(sys.argv[1]).absolute(), int(sys.argv[2])
ACCESS_KEY, SECRET_KEY = sys.argv[3], sys.argv[4]
SERVERS = ("account", "container", "object")
HERE = "127.0.0.1"
ADDRESS = sys.argv[5] if len(sys.argv) > 5 else HERE
DOMAIN = "store.test"
FILTERS = ("catch_errors", "s3api", "tempauth", "bulk", "slo", "dlo")


class Memory(dict):
    """What tempauth wants of memcached, for one process."""

    def __bool__(self):
        return True

    def set(self, key, value, time=0, **_):
        self[key] = (value, now() + time if time else float("inf"))

    def get(self, key, default=None, **_):
        value, until = dict.get(self, key, (default, float("inf")))
        return value if now() < until else default

    def delete(self, key, **_):
        self.pop(key, None)

    def incr(self, key, delta=1, time=0, **_):
        self.set(key, max(0, (self.get(key) or 0) + delta), time=time)
        return self.get(key)

    def decr(self, key, delta=1, time=0, **_):
        return self.incr(key, -delta, time)


class Silence:
    """A log that nobody reads."""

    def __getattr__(self, name):
        return lambda *_, **__: None


now = time.time
memory = Memory()


def with_memory(app):
    def wrapped(environment, start_response):
        environment["swift.cache"] = memory
        return app(environment, start_response)

    return wrapped


def configure(ports):
    """Write rings and configurations for servers on these ports."""
    from swift.common.ring import RingBuilder

    devices = DIRECTORY / "devices"
    (devices / "disk").mkdir(parents=True, exist_ok=True)
    common = (
        f"[DEFAULT]\nswift_dir = {DIRECTORY}\ndevices = {devices}\nmount_check = false\n"
        "fallocate_reserve = 0\ndisable_fallocate = true\nlog_level = ERROR\n"
    )
    for name in SERVERS:
        ring = RingBuilder(4, 1, 0)
        place = {"ip": HERE, "port": ports[name], "device": "disk", "region": 1, "zone": 1}
        place |= {f"replication_{key}": place[key] for key in ("ip", "port")}
        ring.add_dev({**place, "weight": 1, "meta": ""})
        ring.rebalance()
        ring.get_ring().save(str(DIRECTORY / f"{name}.ring.gz"))
        pipeline = f"[pipeline:main]\npipeline = {name}-server\n"
        app = f"[app:{name}-server]\nuse = egg:swift#{name}\n"
        (DIRECTORY / f"{name}.conf").write_text(common + pipeline + app)
    text = f"{common}[pipeline:main]\npipeline = {' '.join(FILTERS)} proxy-server\n"
    text += "[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n"
    own = {
        "s3api": f"location = us-east-1\nstorage_domain = {DOMAIN}\n",
        "tempauth": f"user_{ACCESS_KEY.replace(':', '_')} = {SECRET_KEY} .admin\n",
    }
    for name in FILTERS:
        text += f"[filter:{name}]\nuse = egg:swift#{name}\n{own.get(name, '')}"
    (DIRECTORY / "proxy.conf").write_text(text)


def main():
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    swift_conf = DIRECTORY / "swift.conf"
    swift_conf.write_text(
        "[swift-hash]\nswift_hash_path_prefix = tests\nswift_hash_path_suffix = tests\n"
        "[storage-policy:0]\nname = one\ndefault = yes\n"
    )
    # Else it reads /etc/swift/swift.conf, whatever swift_dir says.
    utils.SWIFT_CONF_FILE = str(swift_conf)
    utils.validate_configuration()
    from swift.common.wsgi import SwiftHttpProtocol, loadapp

    sockets = {name: eventlet.listen((HERE, 0)) for name in SERVERS}
    sockets["proxy"] = eventlet.listen((ADDRESS, PORT), backlog=512)
    configure({name: listening.getsockname()[1] for name, listening in sockets.items()})
    servers = []
    for name, listening in sockets.items():
        app = loadapp(str(DIRECTORY / f"{name}.conf"), global_conf={"log_name": name})
        servers.append(
            eventlet.spawn(
                wsgi.server,
                listening,
                with_memory(app),
                Silence(),
                protocol=SwiftHttpProtocol,
                capitalize_response_headers=False,
                socket_timeout=60,
            )
        )
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    print(f"listening on {PORT}", flush=True)
    servers[-1].wait()


if __name__ == "__main__":
    main()
