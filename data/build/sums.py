"""Writes data/SHA256SUMS over every file of data/ but the build scripts. Run it after any other script here."""

import hashlib
from pathlib import Path

data = Path(__file__).resolve().parent.parent
lines = []
for path in sorted(p for p in data.rglob("*") if p.is_file()):
    name = path.relative_to(data).as_posix()
    if not name.startswith("build/") and name != "SHA256SUMS":
        lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n")
(data / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
print(f"{len(lines)} files")
