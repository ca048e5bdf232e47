"""Events are noted in the transaction that makes them; what the marks of before had not passed yet is noted now."""

from django.db import migrations, models

FORWARD = """
CREATE FUNCTION prewatt_note_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM webhooks_webhookendpoint WHERE state <> 'ended') THEN
        INSERT INTO webhooks_webhookoutbox (source, row_id) VALUES (TG_ARGV[0], NEW.id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER note_event AFTER INSERT OR UPDATE OF entry_id, account_id ON payments_payment FOR EACH ROW
    WHEN (NEW.kind = 'top_up' AND NEW.entry_id IS NOT NULL AND NEW.account_id IS NOT NULL)
    EXECUTE FUNCTION prewatt_note_event('payment');
CREATE TRIGGER note_event AFTER INSERT OR UPDATE OF state ON supply_command FOR EACH ROW
    WHEN (NEW.target = 'relay' AND NEW.state = 'verified') EXECUTE FUNCTION prewatt_note_event('command');
CREATE TRIGGER note_event AFTER INSERT ON notices_notice FOR EACH ROW
    WHEN (NEW.kind IN ('level_1', 'level_2', 'last_call') AND NEW.account_id IS NOT NULL)
    EXECUTE FUNCTION prewatt_note_event('notice');
CREATE TRIGGER note_event AFTER INSERT ON cases_case FOR EACH ROW EXECUTE FUNCTION prewatt_note_event('case');
INSERT INTO webhooks_webhookoutbox (source, row_id)
    SELECT m.source, r.id FROM webhooks_webhookmark m JOIN payments_payment r ON r.id > m.row_id WHERE m.source = 'payment'
    UNION ALL
    SELECT m.source, r.id FROM webhooks_webhookmark m JOIN supply_command r ON r.id > m.row_id WHERE m.source = 'command'
    UNION ALL
    SELECT m.source, r.id FROM webhooks_webhookmark m JOIN notices_notice r ON r.id > m.row_id WHERE m.source = 'notice'
    UNION ALL
    SELECT m.source, r.id FROM webhooks_webhookmark m JOIN cases_case r ON r.id > m.row_id WHERE m.source = 'case';
"""
BACKWARD = """
DROP TRIGGER note_event ON cases_case;
DROP TRIGGER note_event ON notices_notice;
DROP TRIGGER note_event ON supply_command;
DROP TRIGGER note_event ON payments_payment;
DROP FUNCTION prewatt_note_event();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0001_endpoints_and_deliveries"),
        ("cases", "0001_initial"),
        ("notices", "0001_initial"),
        ("payments", "0003_online"),
        ("supply", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="WebhookOutbox",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("payment", "Payment"),
                            ("command", "Command"),
                            ("notice", "Message"),
                            ("case", "Case"),
                        ],
                        max_length=8,
                    ),
                ),
                ("row_id", models.BigIntegerField()),
            ],
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.DeleteModel(name="WebhookMark"),
    ]
