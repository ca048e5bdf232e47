"""The communication map: buses at a glance, one bus in wire order."""

from uuid import UUID

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from prewatt.access.permissions import Permission
from prewatt.console.guard import DeskRequest, requires
from prewatt.console.wire import wire_of
from prewatt.usecases.see_comms import see_bus, see_comms


@requires(Permission.COMM_VIEW)
@require_safe
def comms(request: DeskRequest) -> HttpResponseBase:
    """This view will list all buses, ``?order=worst`` with the sick ones first, beside the one that is open."""
    buses = see_comms(user=request.desk.user, site_id=request.desk.site.id)
    worst = request.GET.get("order") == "worst"
    if worst:
        buses.sort(key=lambda bus: (bus.comm == "online", bus.online - len(bus.meters)))
    opened = next((bus for bus in buses if str(bus.public_id) == request.GET.get("bus")), None)
    opened = opened or next((bus for bus in buses if bus.comm != "online"), buses[0] if buses else None)
    context = {
        "section": "comms",
        "buses": buses,
        "bus": opened,
        "wire": wire_of(opened) if opened is not None else None,
        "worst": worst,
        "gateways": len({bus.gateway for bus in buses}),
        "meters": sum(len(bus.meters) for bus in buses),
        "online": sum(bus.online for bus in buses),
    }
    return render(request, "console/comms.html", context)


@requires(Permission.COMM_VIEW)
@require_safe
def bus(request: DeskRequest, public_id: UUID) -> HttpResponseBase:
    """This view will show one bus again."""
    found = see_bus(user=request.desk.user, site_id=request.desk.site.id, public_id=public_id)
    return render(request, "console/parts/bus.html", {"bus": found, "wire": wire_of(found)})
