// Keeps style, script and icons for a slow line, and one page for none at all. Pages with facts are never kept.
"use strict";
const FILES = [{% for file in files %}"{{ file|escapejs }}", {% endfor %}"{% url 'portal:offline' %}"];
const SHELF = "prewatt-" + FILES.join("|").split("").reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) | 0, 7);

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELF).then((shelf) => shelf.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (names) => Promise.all(names.filter((name) => name !== SHELF).map((name) => caches.delete(name)));
  event.waitUntil(caches.keys().then(old).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  const address = new URL(event.request.url);
  if (address.origin !== self.location.origin) return;
  if (event.request.mode === "navigate") {
    event.respondWith(fetch(event.request).catch(() => caches.match("{% url 'portal:offline' %}")));
  } else if (FILES.indexOf(address.pathname) >= 0) {
    event.respondWith(caches.match(address.pathname).then((kept) => kept || fetch(event.request)));
  }
});
