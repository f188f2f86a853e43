"""What the bench ran on."""

import os
import platform
from pathlib import Path

import django
from django.db import connection
from django_redis import get_redis_connection


def described() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        postgres = cursor.fetchone()[0].split()[0]
    server = get_redis_connection("default").info("server")
    cache = f"Valkey {server['valkey_version']}" if "valkey_version" in server else f"Redis {server['redis_version']}"
    cores = len(os.sched_getaffinity(0))
    return (
        f"{processor()}, {cores} cores, {memory_gigabytes():.0f} GB, Linux {platform.release()}; "
        f"Python {platform.python_version()}, Django {django.get_version()}, PostgreSQL {postgres}, {cache}"
    )


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def memory_gigabytes() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
