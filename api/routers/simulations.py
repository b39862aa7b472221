"""``/law/simulations``: a law tried on the recorded facts, which it does not touch."""

from fastapi import APIRouter

from api.reading import simulations
from api.scope import Read

router = APIRouter(prefix="/law", tags=["Quy định"])


@router.post(
    "/simulations",
    operation_id="simulateLaw",
    summary="Thử một văn bản trên dữ liệu đang có / try a law on the facts",
)
async def simulate(read: Read, body: simulations.Trial) -> simulations.Simulation:
    """Which duties would be due when, who must sign, how many late, load per day; beside the law in force."""
    return await simulations.simulate(read, body)
