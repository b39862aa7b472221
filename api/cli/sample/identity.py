"""Who an invented person is: name, numbers that cannot exist, places, family."""

from datetime import date
from random import Random
from typing import Any

from models.form import communes

from .data import data


def full_name(rng: Random, gender: str) -> str:
    """Surname, middle name, given name."""
    names = data("names")
    own = names[gender]
    return " ".join((rng.choice(names["surnames"]), rng.choice(own["middle"]), rng.choice(own["given"])))


def citizen_id(index: int, gender: str, born: date) -> str:
    """A number no one can have: its province part is 000. The rest follows NĐ 137/2015/NĐ-CP Điều 13."""
    century = 2 * (born.year // 100 - 19) + (gender == "female")
    return f"000{century}{born.year % 100:02}{index:06}"


def address(rng: Random, province: str | None = None) -> dict[str, str]:
    """A place of today, in that province or anywhere."""
    units = _in_province(province) if province else tuple(communes().values())
    unit = rng.choice(units)
    street = rng.choice(data("phrases")["streets"])
    return {"province": unit.province, "commune": unit.code, "detail": f"Số {rng.randint(1, 199)}, {street}"}


def home_town(rng: Random) -> dict[str, str]:
    """A place of today or, for some, as it was called before 1 July 2025."""
    if rng.random() < 0.15:
        province, district = rng.choice(data("phrases")["former_homes"])
        return {"province": province, "district": district, "detail": f"Xã {rng.choice(_OLD_COMMUNES)}"}
    found = address(rng)
    return {key: found[key] for key in ("province", "commune")}


_OLD_COMMUNES = ("Đồng Tâm", "Tiền Phong", "Hòa Bình", "Quyết Thắng", "Ngọc Mỹ")
_CACHE: dict[str, tuple[Any, ...]] = {}


def _in_province(province: str) -> tuple[Any, ...]:
    if province not in _CACHE:
        _CACHE[province] = tuple(unit for unit in communes().values() if unit.province == province)
    return _CACHE[province]


def family(rng: Random, person: dict[str, Any], born: date, as_of: date) -> list[dict[str, Any]]:
    """Parents, spouse, children, brothers and sisters; the spouse's parents."""
    surname = person["birth_full_name"].split()[0]
    rows = [
        _relative(rng, "own", "father", "male", born.year - rng.randint(22, 38), surname),
        _relative(rng, "own", "mother", "female", born.year - rng.randint(20, 36)),
    ]
    if as_of.year - born.year > 27 and rng.random() < 0.85:
        relation, gender = ("wife", "female") if person["gender"] == "male" else ("husband", "male")
        rows.append(_relative(rng, "own", relation, gender, born.year + rng.randint(-4, 4)))
        rows += [
            _relative(rng, "own", "child", rng.choice(("male", "female")), year, surname)
            for year in sorted(born.year + rng.randint(25, 38) for _ in range(rng.randint(0, 2)))
            if year <= as_of.year
        ]
        rows.append(_relative(rng, "spouse", "father", "male", born.year - rng.randint(22, 38)))
        rows.append(_relative(rng, "spouse", "mother", "female", born.year - rng.randint(20, 36)))
    if rng.random() < 0.7:
        relation, gender = rng.choice((("elder_brother", "male"), ("elder_sister", "female")))
        rows.append(_relative(rng, "own", relation, gender, born.year - rng.randint(1, 8), surname))
    if rng.random() < 0.5:
        relation, gender = rng.choice((("younger_brother", "male"), ("younger_sister", "female")))
        rows.append(_relative(rng, "own", relation, gender, born.year + rng.randint(1, 8), surname))
    return rows


def _relative(
    rng: Random, side: str, relation: str, gender: str, year: int, surname: str | None = None
) -> dict[str, Any]:
    name = full_name(rng, gender)
    if surname:
        name = " ".join((surname, *name.split()[1:]))
    work = rng.choice(data("phrases")["occupations_of_family"])
    detail = f"{work}; {rng.choice(data('phrases')['streets'])}, Hà Nội"
    return {"side": side, "relation": relation, "full_name": name, "birth_year": year, "detail": detail}
