"""Fictitious people and places: plausible, deterministic, and nobody's."""

__all__ = ["FAMILY", "GIVEN", "PLACES", "Place", "email", "phone"]

from typing import NamedTuple

GIVEN = (
    "Ada Alba Alma Amir Anouk Arlo Astrid Aurel Bea Benno Bjarne Carla Caspar Celia Cleo Dalia Dario Edda "
    "Elif Elio Emre Enya Esra Fabia Falk Fenja Finn Flora Gero Gesa Hanne Hedda Ida Ilja Imke Ines Ivo "
    "Jara Jonte Juna Kaia Karim Kiran Lale Lasse Leandra Levi Linus Lotte Luan Maike Malik Mara Marlon "
    "Meral Milo Mina Nela Nico Noor Odin Ola Omar Otis Pia Priya Quentin Rafi Rika Romy Ruben Runa Samir "
    "Selma Silas Smilla Sven Tamar Tara Tessa Theo Tilda Timur Ugo Una Vera Viggo Wanda Xenia Yara Yuki "
    "Yusuf Zeno Zoe"
).split()
FAMILY = (
    "Ahornblatt Amberfield Appelgarten Birkenhain Bluepond Brightwell Buchfink Cedarbrook Cloverdale Copperfold "
    "Daisyhill Dawnmeadow Distelfink Duskwood Eichenlaub Elmgrove Emberly Fernhollow Fliederbusch Foxmoor Gansfeld "
    "Goldammer Greenholt Hagebutte Harborline Haselnuss Heatherby Herbstzeit Hollowell Honigtal Irisfeld Ivybridge "
    "Juniperson Kaltbrunn Kestrelby Kleefeld Lakemere Larkspur Lindenhof Lowmeadow Mapleton Marshfield Mohnblum "
    "Moosgrund Morningside Nebelhorn Nightingham Nussbaumer Oakhurst Orchardly Otterbach Pfefferminz Pinecroft "
    "Plumridge Quellwasser Quincebury Rabenstein Redfern Rosenquarz Rushbrook Sandkorn Seashore Silberpfeil "
    "Sommerwind Springwell Sternwarte Stonebury Tannenzapf Thistledown Tidewater Ulmenhof Underhilly Veilchen "
    "Violetshire Waldkauz Wellenreiter Westerglow Wildrose Willowby Winterling Yarrowfield Zaunkoenig Zimtstern"
).split()


class Place(NamedTuple):
    """Where somebody lives."""

    city: str
    zip: str
    province: str | None
    province_code: str | None
    country: str
    country_code: str


PLACES = (
    Place("New York", "10001", "New York", "NY", "United States", "US"),
    Place("Boston", "02108", "Massachusetts", "MA", "United States", "US"),
    Place("Chicago", "60601", "Illinois", "IL", "United States", "US"),
    Place("Seattle", "98101", "Washington", "WA", "United States", "US"),
    Place("Austin", "73301", "Texas", "TX", "United States", "US"),
    Place("Toronto", "M5C 1N7", "Ontario", "ON", "Canada", "CA"),
    Place("Berlin", "10115", None, None, "Germany", "DE"),
    Place("Hamburg", "20095", None, None, "Germany", "DE"),
    Place("Leipzig", "04109", None, None, "Germany", "DE"),
    Place("Köln", "50667", None, None, "Germany", "DE"),
    Place("München", "80331", None, None, "Germany", "DE"),
    Place("Wien", "1010", None, None, "Austria", "AT"),
    Place("Zürich", "8001", None, None, "Switzerland", "CH"),
    Place("Paris", "75001", None, None, "France", "FR"),
    Place("Amsterdam", "1012", None, None, "Netherlands", "NL"),
    Place("København", "1050", None, None, "Denmark", "DK"),
)


def email(given: str, family: str, row: int) -> str:
    """Address in a domain that is nobody's."""
    return f"{given}.{family}.{row + 1}@example.com".lower()


def phone(row: int) -> str:
    """Number out of the range kept free for fiction."""
    return f"+1202555{100 + row % 100:04d}"
