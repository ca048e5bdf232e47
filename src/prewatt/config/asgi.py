"""What the web server runs."""

from django.core.asgi import get_asgi_application

from prewatt.config.boot import boot
from prewatt.config.environment import Process

boot(Process.WEB)
application = get_asgi_application()
