"""Writes of supply, by use: review (credit), holds, relays, field (commands and proofs), modes, alarms."""

from prewatt.supply.services.alarms import call_for_unrestored
from prewatt.supply.services.field import (
    claim_commands,
    expire_commands,
    follow_meter,
    has_commands_to_claim,
    record_command_steps,
    record_relay_states,
    resume_relays,
)
from prewatt.supply.services.holds import (
    decide_by_person,
    end_holds,
    lift_hold,
    lock_accounts,
    lock_accounts_of_points,
    place_hold,
    require_cuttable,
)
from prewatt.supply.services.modes import change_mode, ensure_policy, resume, stop
from prewatt.supply.services.relays import apply_desired, ensure_relays, list_differing, queue_commands
from prewatt.supply.services.review import judge, review_accounts, review_standings

__all__ = [
    "apply_desired",
    "call_for_unrestored",
    "change_mode",
    "claim_commands",
    "decide_by_person",
    "end_holds",
    "ensure_policy",
    "ensure_relays",
    "expire_commands",
    "follow_meter",
    "has_commands_to_claim",
    "judge",
    "lift_hold",
    "list_differing",
    "lock_accounts",
    "lock_accounts_of_points",
    "place_hold",
    "queue_commands",
    "record_command_steps",
    "record_relay_states",
    "require_cuttable",
    "resume",
    "resume_relays",
    "review_accounts",
    "review_standings",
    "stop",
]
