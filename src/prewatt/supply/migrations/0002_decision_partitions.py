"""Decisions by month; a default partition takes what no month has."""

from django.db import migrations

FORWARD = """
CREATE SEQUENCE supply_decision_id_seq AS bigint;
CREATE TABLE supply_decision (
    id bigint NOT NULL DEFAULT nextval('supply_decision_id_seq'),
    at timestamptz NOT NULL,
    account_id bigint,
    metering_point_id bigint,
    mode varchar(6) NOT NULL,
    answer varchar(8) NOT NULL,
    reason varchar(40) NOT NULL,
    inputs jsonb NOT NULL,
    action_id bigint,
    CONSTRAINT decision_pk PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE TABLE supply_decision_default PARTITION OF supply_decision DEFAULT;
CREATE INDEX decision_account ON supply_decision (account_id, at);
ALTER TABLE supply_relay SET (fillfactor = 70);
"""
BACKWARD = "DROP TABLE supply_decision; DROP SEQUENCE supply_decision_id_seq;"


class Migration(migrations.Migration):
    dependencies = [("supply", "0001_initial"), ("metering", "0002_reading_partitions")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
