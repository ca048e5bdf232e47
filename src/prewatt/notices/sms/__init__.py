"""Text messages: one signed request each, to a gateway of one's own, Aliyun or Twilio. No database in here."""
