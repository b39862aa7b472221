"""Workers whom the law has on the labour-contract form: what both forms hold, and the contract's own."""

from datetime import date, timedelta
from random import Random
from typing import Any

from models.form import Catalogue, carry, catalogue, communes, form_named
from models.form.dates import add_months
from models.lifecycle.forms import form_for
from models.regulations import NoLawInForce, RuleSet, in_force, seed

from .data import data
from .people import Person


def law_of(authority: str, on: date) -> RuleSet:
    """The packaged law of an authority that day; of one that has only a draft, the draft as if in force."""
    try:
        return in_force(authority, on)
    except NoLawInForce:
        return in_force(authority, on, simulate=[one.id for one in seed() if one.authority == authority])


def worker_form(authority: str, on: date) -> Catalogue:
    """The form that law asks of contract workers; the general one where it says nothing of them."""
    return form_for(law_of(authority, on), "contract_worker", on)


def other_forms(authority: str, on: date) -> tuple[Catalogue, ...]:
    """The forms besides the general one that people of the authority declare on."""
    form = worker_form(authority, on)
    return () if form.version == form_named((), on).version else (form,)


def on_contract(someone: Person, form: Catalogue, as_of: date) -> Person:
    """The same invented worker on the form of the labour contract."""
    rng = Random(f"contract/{someone.index}")  # noqa: S311 - nothing secret, the same for every run
    held = carry(catalogue(), form, someone.content, on=as_of)
    return Person(someone.index, {**_contract(rng, held, someone.index, as_of), **held}, someone.extras)


def _contract(rng: Random, held: dict[str, Any], index: int, as_of: date) -> dict[str, Any]:
    begun = add_months(as_of, -rng.randint(3, 30))
    fixed = rng.random() < 0.5
    place = communes()[held["current_address"]["commune"]].name
    content: dict[str, Any] = {
        "contract_number": f"{index:04}/HĐLĐ",
        "signed_on": (begun - timedelta(days=rng.randint(1, 14))).isoformat(),
        "signed_at": place,
        "employer_representative": "Người đứng đầu cơ quan, đơn vị",
        "employer_rep_title": "Người đứng đầu",
        "employer_address": place,
        "permanent_address": held["current_address"],
        "citizen_id_issued_by": "Bộ Công an",
        "contract_type": "fixed_term" if fixed else "indefinite",
        "contract_valid_from": begun.isoformat(),
        "workplace": "Trụ sở cơ quan, đơn vị",
        "working_hours": "08 giờ một ngày, 40 giờ một tuần; nghỉ thứ Bảy, Chủ nhật và ngày lễ, Tết.",
        "pay_form": "Chuyển khoản vào ngày 05 hằng tháng; phụ cấp theo quy định.",
        "insurance": "Tham gia bảo hiểm xã hội, bảo hiểm y tế, bảo hiểm thất nghiệp theo quy định.",
        "clauses": "Quyền, nghĩa vụ của hai bên và việc chấm dứt, sửa đổi theo Bộ luật Lao động 2019.",
        "job_position": "Hỗ trợ, phục vụ",
        "salary_amount": str(rng.randint(60, 110) * 100_000),
        "job_title": rng.choice(data("phrases")["works"]),
    }
    return content | ({"contract_valid_to": add_months(begun, 36).isoformat()} if fixed else {})
