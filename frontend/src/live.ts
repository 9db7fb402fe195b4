// Live push for lists: one stream, events become htmx triggers on the body.
//
// Load live.js on a page that has an element with data-live-url="/live/alarms"; a fragment of that
// page says hx-trigger="ja:alarm from:body". The server ends a stream every few minutes so that
// rights are asked again; the browser reconnects by itself.

const KINDS = ["alarm", "ledger"] as const;

function start(url: string): void {
  const source = new EventSource(url);
  for (const kind of KINDS) {
    source.addEventListener(kind, (event) => {
      const detail: unknown = JSON.parse((event as MessageEvent<string>).data);
      document.body.dispatchEvent(new CustomEvent(`ja:${kind}`, { detail }));
    });
  }
  // After a gap nobody knows what was missed: fetch once.
  let lost = false;
  source.addEventListener("error", () => {
    lost = true;
    document.documentElement.dataset.live = "lost";
  });
  source.addEventListener("open", () => {
    document.documentElement.dataset.live = "on";
    if (lost) for (const kind of KINDS) document.body.dispatchEvent(new CustomEvent(`ja:${kind}`));
    lost = false;
  });
  window.addEventListener("pagehide", () => source.close());
}

const place = document.querySelector<HTMLElement>("[data-live-url]");
if (place?.dataset.liveUrl) start(place.dataset.liveUrl);

export {};
