"""Readings by month. A default partition takes what no month has; a job stays three months ahead."""

from django.db import migrations

FORWARD = """
CREATE TABLE metering_reading (
    installation_id bigint NOT NULL,
    kind smallint NOT NULL,
    read_at timestamptz NOT NULL,
    meter_at timestamptz,
    received_at timestamptz NOT NULL,
    total_wh bigint NOT NULL,
    rates_wh bigint[] NOT NULL,
    quality smallint NOT NULL,
    cause varchar(24) NOT NULL DEFAULT '',
    epoch bigint NOT NULL DEFAULT 0,
    seq bigint NOT NULL DEFAULT 0,
    CONSTRAINT reading_pk PRIMARY KEY (installation_id, kind, read_at)
) PARTITION BY RANGE (read_at);
CREATE TABLE metering_reading_default PARTITION OF metering_reading DEFAULT;

CREATE FUNCTION prewatt_ensure_months(parent regclass, from_at timestamptz, months int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE first timestamptz; part text; made int := 0;
BEGIN
    FOR i IN 0..months LOOP
        first := (date_trunc('month', from_at AT TIME ZONE 'UTC') + make_interval(months => i)) AT TIME ZONE 'UTC';
        part := format('%s_%s', parent::text, to_char(first AT TIME ZONE 'UTC', 'YYYY_MM'));
        IF to_regclass(part) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)', part, parent, first,
                ((first AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC');
            made := made + 1;
        END IF;
    END LOOP;
    RETURN made;
END $$;

ALTER TABLE metering_meterstate SET (fillfactor = 70);
ALTER TABLE metering_dayusage SET (fillfactor = 70);
"""
BACKWARD = "DROP FUNCTION prewatt_ensure_months(regclass, timestamptz, int); DROP TABLE metering_reading;"


class Migration(migrations.Migration):
    dependencies = [("metering", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
