"""Speed and memory against other tools, in one run: prints a table and writes ``build/bench.json``.

Each row alternates both sides and takes medians, so that a busy machine is unfair to both alike. Where a side is a
command, the time of the same command on a tiny input is taken off as its start-up.
"""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "build" / "plugins")]

from tests.bench import (  # noqa: E402, they need the path above
    forest,
    forestmaps,
    fullsize,
    memory,
    sentinel1,
    sentinel2,
    series,
    texture,
)

ROWS = {**sentinel2.ROWS, **series.ROWS, **forest.ROWS, **forestmaps.ROWS, **texture.ROWS, **sentinel1.ROWS,
        **memory.ROWS, **fullsize.ROWS}


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("rows", nargs="*", help=f"of {', '.join(ROWS)}; all without any")
    arguments.add_argument("--runs", type=int, default=3, help="how often each side runs")
    chosen = arguments.parse_args()
    unknown = set(chosen.rows) - set(ROWS)
    if unknown:
        arguments.error(f"no such rows: {', '.join(sorted(unknown))}")
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    results = []
    for name in chosen.rows or ROWS:
        row = {"name": name, **ROWS[name](folder, chosen.runs)}
        results.append(row)
        print(table_line(row), flush=True)
    (ROOT / "build" / "bench.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print("written: build/bench.json")


def table_line(row):
    if row["ratio"] is None:
        return f"{row['name']:32} not measured: {row['reason']}"
    return (f"{row['name']:32} ours {row['ours']:10.2f}  peer {row['peer']:10.2f} {row['unit']:4}"
            f"  ratio {row['ratio']:6.2f}  {row.get('note', '')}")


if __name__ == "__main__":
    main()
