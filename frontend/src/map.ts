// The live map: MapLibre over our own shapes, positions by server-sent events, drawers by htmx.

import type { GeoJSONSource } from "maplibre-gl";
import { LAYERS, bounds } from "./drawing";
import { Fleet, inside } from "./fleet";
import { DISTRICT, json, makeMap } from "./ground";
import "./place";
import "./replay";
import type { Fix, State, Vehicle, VehicleList } from "./types";

const LISTED = 60;

const root = document.querySelector<HTMLElement>("#map");
if (root) void begin(root);

function find<T extends HTMLElement>(selector: string): T | null {
  return document.querySelector<T>(selector);
}

async function begin(root: HTMLElement): Promise<void> {
  const words = (name: string, value: string | number = ""): string =>
    (root.dataset[`t${name[0]?.toUpperCase() ?? ""}${name.slice(1)}`] ?? name).replace("{n}", String(value));
  const fleet = new Fleet(Number(root.dataset["online"] ?? 300) * 1000);
  let chosen = Number(root.dataset["chosen"] || 0);
  let group: State | "" = "";
  let places: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };
  let following = false;

  // ---------------------------------------------------------------- the map itself, if possible
  const map = makeMap(root);
  const loaded = map ? new Promise<void>((done) => map.once("load", () => done())) : undefined;
  const source = (name: string): GeoJSONSource | undefined => map?.getSource<GeoJSONSource>(name);

  async function loadShapes(): Promise<void> {
    const [base, found] = await Promise.all([
      json<GeoJSON.FeatureCollection>(root.dataset["base"] ?? ""),
      json<GeoJSON.FeatureCollection>(root.dataset["places"] ?? ""),
    ]);
    places = found;
    await loaded;
    source("base")?.setData(base);
    source("places")?.setData(found);
    home(0);
  }

  function home(duration = 400): void {
    map?.fitBounds(bounds(places, "district") ?? bounds(places) ?? DISTRICT, { padding: 24, duration });
  }

  let listAsked = 0;
  async function loadList(): Promise<void> {
    listAsked = Date.now();
    fleet.setList(await json<VehicleList>(root.dataset["vehicles"] ?? ""));
    drawAll();
  }

  // ---------------------------------------------------------------- drawing
  function drawAll(): void {
    source("vehicles")?.setData({ type: "FeatureCollection", features: fleet.features() });
    drawTree();
    drawLive();
  }

  function drawTree(): void {
    for (const [name, count] of Object.entries(fleet.counts())) {
      const place = find(`[data-count="${name}"]`);
      if (place) {
        place.textContent = String(count);
        place.classList.toggle("ja-latec", name === "alarm" && count > 0);
      }
    }
    const all = find('[data-count="all"]');
    const away = fleet.counts().offline;
    if (all) all.textContent = `${fleet.vehicles.size - away} / ${away}`;
    const list = find("[data-list]");
    const text = find<HTMLInputElement>("[data-plate-find]")?.value ?? "";
    if (!list) return;
    const found = fleet.search(text, group);
    const shown = found.slice(0, LISTED);
    const ids = shown.map((vehicle) => vehicle.id).join();
    if (list.dataset["ids"] !== ids) {
      list.dataset["ids"] = ids;
      list.replaceChildren(...shown.map(line));
    }
    // The lines stay, only what they say changes: a click or the focus is never lost.
    shown.forEach((vehicle, index) => {
      const item = list.children[index];
      const button = item?.querySelector("button");
      const age = item?.querySelector("span");
      item?.classList.toggle("is-alarm", fleet.alarms.has(vehicle.id));
      button?.setAttribute("aria-pressed", String(vehicle.id === chosen));
      if (age) age.textContent = ageText(fleet.ageMs(vehicle.id));
    });
    const note = find("[data-list-note]");
    if (note) {
      const more = found.length - LISTED;
      note.textContent = !found.length && text ? words("none") : more > 0 ? words("more", more) : "";
    }
  }

  function line(vehicle: Vehicle): HTMLElement {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.dataset["choose"] = String(vehicle.id);
    const plate = document.createElement("b");
    plate.textContent = vehicle.plate;
    button.append(plate, document.createElement("span"));
    item.append(button);
    return item;
  }

  function ageText(age: number | undefined): string {
    if (age === undefined) return "—";
    const seconds = Math.round(age / 1000);
    if (seconds < 100) return words("seconds", seconds);
    return seconds < 6000 ? words("minutes", Math.round(seconds / 60)) : words("hours", Math.round(seconds / 3600));
  }

  function drawLive(): void {
    const fix = fleet.fixes.get(chosen);
    if (!fix || !find("#vehicle [data-vehicle-id]")) return;
    const put = (name: string, text: string): void => {
      const place = find(`#vehicle [data-live="${name}"]`);
      if (place && place.textContent !== text) place.textContent = text;
    };
    put("speed", String(Math.round(fix[3])));
    put("direction", String(fix[4]));
    put("age", String(Math.round((fleet.ageMs(chosen) ?? 0) / 1000)));
    drawFences(fix);
    if (following) map?.easeTo({ center: [fix[1], fix[2]], duration: 600 });
  }

  function drawFences(fix: Fix): void {
    const list = find('#vehicle [data-live="fences"]');
    if (!list) return;
    const names = places.features
      .filter((place) => inside(place.geometry, fix[1], fix[2]))
      .map((place) => String(place.properties?.["name"] ?? ""));
    if (list.dataset["names"] === names.join("|") && list.dataset["for"] === String(chosen)) return;
    list.dataset["names"] = names.join("|");
    list.dataset["for"] = String(chosen);
    list.replaceChildren(
      ...(names.length ? names : [words("nowhere")]).map((name) => {
        const item = document.createElement("li");
        if (!names.length) item.className = "is-ask";
        const what = document.createElement("span");
        what.textContent = name;
        item.append(what);
        if (names.length) {
          const where = document.createElement("b");
          where.textContent = words("inside");
          item.append(where);
        }
        return item;
      }),
    );
  }

  // ---------------------------------------------------------------- choosing
  async function choose(id: number, fly = true): Promise<void> {
    chosen = id;
    map?.setFilter("chosen", ["==", ["get", "id"], id]);
    await window.htmx?.ajax("GET", (root.dataset["vehicle"] ?? "").replace("/0/", `/${id}/`), "#vehicle");
    const fix = fleet.fixes.get(id);
    if (fly && fix) map?.easeTo({ center: [fix[1], fix[2]], zoom: Math.max(map.getZoom(), 12.5), duration: 500 });
    drawTree();
    drawLive();
  }

  async function showTrack(form: HTMLFormElement): Promise<void> {
    const note = form.querySelector<HTMLElement>("[data-track-note]");
    const query = new URLSearchParams(new FormData(form) as unknown as Record<string, string>);
    const answer = await fetch(`${root.dataset["track"] ?? ""}?${query.toString()}`);
    const found = (await answer.json()) as GeoJSON.FeatureCollection & { summary?: string; error?: string };
    if (note) note.textContent = found.summary ?? found.error ?? "";
    if (!answer.ok) return;
    source("track")?.setData({ type: "FeatureCollection", features: found.features });
    const box = bounds(found);
    if (box) map?.fitBounds(box, { padding: 40, maxZoom: 15, duration: 400 });
    find("[data-track-off]")?.toggleAttribute("hidden", !found.features.length);
  }

  document.addEventListener("click", (event) => {
    const target = event.target as HTMLElement;
    const button = target.closest<HTMLElement>("[data-choose]");
    if (button) {
      event.preventDefault();
      void choose(Number(button.dataset["choose"]));
    }
    const asked = target.closest<HTMLElement>("[data-group]");
    if (asked) {
      event.preventDefault();
      group = asked.dataset["group"] as State | "";
      for (const one of document.querySelectorAll("[data-group]")) one.removeAttribute("aria-current");
      asked.setAttribute("aria-current", "true");
      drawTree();
    }
    if (target.closest("[data-home]")) home();
    if (target.closest("[data-track-now]")) {
      event.preventDefault();
      find<HTMLFormElement>("[data-track-form]")?.requestSubmit();
    }
    const off = target.closest<HTMLElement>("[data-track-off]");
    if (off) {
      source("track")?.setData({ type: "FeatureCollection", features: [] });
      off.hidden = true;
    }
    const follow = target.closest<HTMLElement>("[data-follow]");
    if (follow) {
      following = !following;
      follow.setAttribute("aria-pressed", String(following));
      follow.classList.toggle("btn-primary", following);
      drawLive();
    }
  });
  document.addEventListener("submit", (event) => {
    const form = (event.target as HTMLElement).closest<HTMLFormElement>("[data-track-form]");
    const search = (event.target as HTMLElement).closest("form.ja-mapfind");
    if (form) {
      event.preventDefault();
      void showTrack(form);
    } else if (search) {
      event.preventDefault();
      const text = find<HTMLInputElement>("[data-plate-find]")?.value ?? "";
      const first = fleet.search(text, group)[0];
      if (first) void choose(first.id);
    }
  });
  find("[data-plate-find]")?.addEventListener("input", drawTree);
  for (const box of document.querySelectorAll<HTMLInputElement>("[data-layer]")) {
    box.addEventListener("change", () => {
      for (const layer of LAYERS[box.dataset["layer"] ?? ""] ?? []) {
        map?.setLayoutProperty(layer, "visibility", box.checked ? "visible" : "none");
      }
    });
  }
  map?.on("click", (event) => {
    const [left, top] = [event.point.x - 6, event.point.y - 6];
    const area: [[number, number], [number, number]] = [[left, top], [left + 12, top + 12]];
    const hit = map.queryRenderedFeatures(area, { layers: ["vehicle", "alarm-ring"] })[0];
    if (hit) void choose(Number(hit.properties["id"]), false);
  });

  // ---------------------------------------------------------------- the live stream
  function say(text: string, late = false): void {
    const place = find("[data-state]");
    if (!place) return;
    place.textContent = text;
    place.dataset["tone"] = late ? "late" : "";
  }
  const connection = (connected: boolean): void => say(words(connected ? "live" : "nobus"), !connected);

  const stream = new EventSource(root.dataset["live"] ?? "");
  const on = <T>(kind: string, act: (value: T) => void): void => {
    stream.addEventListener(kind, (event) => act(JSON.parse((event as MessageEvent<string>).data) as T));
  };
  let first = true;
  on<{ now: number; connected: boolean }>("hello", (hello) => {
    fleet.skew = hello.now - Date.now();
    connection(hello.connected);
    // After a break nobody knows what was missed.
    if (!first) alarmed();
    first = false;
  });
  on<{ connected: boolean }>("status", (status) => connection(status.connected));
  on<Fix[]>("positions", (fixes) => {
    const unknown = fleet.take(fixes);
    if (unknown && Date.now() - listAsked > 10_000) void loadList();
    drawAll();
    root.dataset["vehiclesShown"] = String(fleet.fixes.size);
  });
  on<{ vehicle?: number }>("alarm", (alarm) => {
    alarmed();
    if (alarm.vehicle === chosen) void choose(chosen, false);
  });
  stream.addEventListener("error", () => say(words("lost"), true));
  window.addEventListener("pagehide", () => stream.close());

  function alarmed(): void {
    void loadList();
    document.body.dispatchEvent(new Event("ja:alarm"));
  }

  await Promise.all([loadList(), loadShapes()]);
  if (chosen) map?.setFilter("chosen", ["==", ["get", "id"], chosen]);
  drawAll();
  // Ages and the offline state change while nothing arrives.
  window.setInterval(drawAll, 5000);
  map?.once("idle", () => (root.dataset["drawn"] = "yes"));
}

declare global {
  interface Window {
    htmx?: { ajax(verb: string, url: string, target: string): Promise<void> };
  }
}
