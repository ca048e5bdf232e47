"""Where use that was held for want of a payer or a price has both by now."""

from typing import Final

from django.db import connection

from prewatt.cases.kinds import Kind

_PRICED: Final = """
WITH waiting AS MATERIALIZED (
    SELECT id, subject_id::uuid AS point, (detail->>'read_at')::timestamptz - interval '1 microsecond' AS last_at
    FROM cases_case WHERE kind = %s AND subject_kind = 'metering_point' AND closed_at IS NULL
)
SELECT installation.id
FROM waiting
JOIN estate_meteringpoint point ON point.public_id = waiting.point
JOIN estate_site site ON site.id = point.site_id
JOIN estate_meterinstallation installation
  ON installation.metering_point_id = point.id AND installation.period @> waiting.last_at
JOIN tenancy_tenancy tenancy ON tenancy.metering_point_id = point.id AND tenancy.period @> waiting.last_at
JOIN billing_tariffassignment assignment
  ON assignment.tenancy_id = tenancy.id AND assignment.period @> waiting.last_at
WHERE EXISTS (
    SELECT 1 FROM billing_tariffversion version
    WHERE version.scope_id = assignment.scope_id AND version.code = assignment.tariff_code
      AND version.published_at IS NOT NULL
      AND version.effective_from <= (waiting.last_at AT TIME ZONE site.time_zone)::date
)
ORDER BY waiting.id LIMIT %s
"""


def list_priced_again(*, limit: int) -> list[int]:
    """This function will list installations whose newest unpriced reading has a payer and a price at its instant now.

    The open cases are the list of work; no reading is searched. What lies before that instant may lack one still.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PRICED, [Kind.NO_TARIFF.value, limit])
        return [installation_id for (installation_id,) in cursor.fetchall()]
