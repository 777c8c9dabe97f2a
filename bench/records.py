"""`make bench-records`: our portal against Debian's Orthanc with its DICOMweb plug-in, on the same data, in the same run, by the same client.

First with PostgreSQL (which writes to the disk as in production) and Redis, then embedded on SQLite. Writes build/bench/records.json and prints a
table. `--quick`: 100 slices and fewer repetitions. Rows that Orthanc has no counterpart for are compared with a bound.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "bench"
PACKAGES = ("orthanc", "orthanc-dicomweb")


def main(arguments: list[str]) -> int:
    if subprocess.run(["which", "Orthanc"], capture_output=True, check=False).returncode:
        print(f"Orthanc is the one to compare with: apt install {' '.join(PACKAGES)}")
        return 2
    OUT.mkdir(parents=True, exist_ok=True)
    topologies = {
        "PostgreSQL and Redis, two web processes, two workers": [str(ROOT / ".ci" / "with-services")],
        "embedded: SQLite and files, two web processes, two workers": [],
    }
    results: dict[str, list[dict[str, Any]]] = {}
    for number, (name, before) in enumerate(topologies.items()):
        print(f"\n{name}", flush=True)
        part = OUT / f"part-{number}.json"
        part.unlink(missing_ok=True)
        command = [*before, sys.executable, "-m", "bench.topology", str(part), *arguments]
        plain = {
            k: v
            for k, v in os.environ.items()
            if k not in {"DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL", "DATA_DIR"}
        }
        environment = {**plain, "DJANGO_SETTINGS_MODULE": "portal.settings.local", "POSTGRES_DURABLE": "1"}
        if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
            print("this topology was not measured to its end")
            return 1
        results[name] = json.loads(part.read_text())
    told = {
        "machine": machine(),
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "quick": "--quick" in arguments,
    }
    rows = [{"topology": name, **row} for name, found in results.items() for row in found]
    (OUT / "records.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False))
    (OUT / "records.md").write_text(text := table(told, results))
    print(f"\n{text}")
    return 0


def machine() -> str:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        "",
    )
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}; load at the end {load}"


def table(told: dict[str, Any], results: dict[str, list[dict[str, Any]]]) -> str:
    lines = [f"{told['at']} · {told['machine']}{' · quick' if told['quick'] else ''}", ""]
    for name, rows in results.items():
        lines += [
            f"**{name}**",
            "",
            "| step | ours | compared with | ratio | target | met |",
            "|---|---|---|---|---|---|",
        ]
        for row in rows:
            peer = "" if row["peer"] is None else f"{row['peer']:,.1f}"
            ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f} ×"
            met = {True: "yes", False: "**no**", None: "shown"}[row["met"]]
            ours = "not measured" if row["ours"] is None else f"{row['ours']:,.1f} {row['unit']}"
            lines.append(f"| {row['name']} | {ours} | {peer} | {ratio} | {row['target']} | {met} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
