"""Builds data/temperatures/seattle.csv: each day's lowest and highest temperature in Seattle, 2012-2015.

From vega-datasets' seattle-weather.csv: the date and the two temperatures, unchanged.
"""

import csv
import io
from pathlib import Path

from _fetch import fetch_pip, member

NOTE = """Daily temperatures of Seattle, 2012-2015
========================================

Lowest and highest temperature of each day in degrees Celsius, recorded by the United States' National Oceanic and
Atmospheric Administration (NOAA). Works of the United States' government are in the public domain.

This copy was taken from seattle-weather.csv of the Python package vega-datasets 0.9.0 (Jake VanderPlas, MIT licence).
"""

wheel = fetch_pip("vega-datasets", "0.9.0", "3d7c63917be6ca9b154b565f4779a31fedce57b01b5b9d99d8a34a7608062a1d")
table = member(
    wheel,
    "vega_datasets/_data/seattle-weather.csv",
    "62f0609f787158128aa2bd102967173a4953122dd4f872bf1d502cae1037df0b",
)
rows = list(csv.DictReader(io.StringIO(table.decode("ascii"))))
folder = Path(__file__).resolve().parent.parent / "temperatures"
folder.mkdir(exist_ok=True)
with (folder / "seattle.csv").open("w", encoding="ascii", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("date", "lowest", "highest"))
    writer.writerows((row["date"].replace("/", "-"), row["temp_min"], row["temp_max"]) for row in rows)
(folder / "LICENSE.txt").write_text(NOTE, encoding="utf-8")
print(f"{len(rows)} days, {rows[0]['date']} to {rows[-1]['date']}")
