// The replay of one vehicle's day, and the box of the region question. Without this file both pages
// still say everything; it adds the map, the slider and the playing.

import type { GeoJSONSource, Map as GlMap, MapMouseEvent, MapTouchEvent } from "maplibre-gl";
import { bounds } from "./drawing";
import { DISTRICT, json, loadGround, makeMap } from "./ground";

/** [device ms, lon, lat, km/h, degrees] */
type Report = [number, number, number, number, number];
type Track = GeoJSON.FeatureCollection & { points: Report[] };
type Shapes = GeoJSON.FeatureCollection;
type Box = [number, number, number, number];

const LOCAL_MS = 8 * 3_600_000;

const replay = document.querySelector<HTMLElement>("#replay");
if (replay) void beginReplay(replay);
const region = document.querySelector<HTMLElement>("#region");
if (region) void beginRegion(region);

function find<T extends Element>(selector: string): T | null {
  return document.querySelector<T>(selector);
}

/** Local time of day, whatever the browser's own zone is: GMT+8 has no summer time. */
function clock(ms: number): string {
  return new Date(ms + LOCAL_MS).toISOString().slice(11, 19);
}

// ------------------------------------------------------------------ replay

async function beginReplay(root: HTMLElement): Promise<void> {
  const map = makeMap(root);
  const [, track] = await Promise.all([loadGround(root, map), json<Track>(root.dataset["track"] ?? "")]);
  const points = track.points;
  const drawn = track.features.filter((one) => one.geometry !== null);
  map?.getSource<GeoJSONSource>("track")?.setData({ type: "FeatureCollection", features: drawn });
  const home = (duration = 400): void => {
    const box = bounds({ type: "FeatureCollection", features: drawn }) ?? DISTRICT;
    map?.fitBounds(box, { padding: { top: 56, bottom: 84, left: 48, right: 64 }, maxZoom: 15, duration });
  };
  home(0);
  find("[data-home]")?.addEventListener("click", () => home());
  offerPicture(root, map);
  const player = new Player(root, map, points, gapsOf(track));
  player.begin();
  map?.once("idle", () => (root.dataset["drawn"] = "yes"));
}

function gapsOf(track: Track): [number, number][] {
  return track.features
    .filter((one) => ["gap", "displaced"].includes(String(one.properties?.["kind"])))
    .map((one) => [Date.parse(String(one.properties?.["from"])), Date.parse(String(one.properties?.["to"]))]);
}

class Player {
  private readonly slider = find<HTMLInputElement>("[data-slider]");
  private readonly cursor = find<SVGPathElement>("[data-cursor]");
  private readonly button = find<HTMLButtonElement>("[data-play]");
  private readonly rate = find<HTMLSelectElement>("[data-rate]");
  private readonly output = find<HTMLOutputElement>("[data-now]");
  private readonly begins: number;
  private readonly span: number;
  private now: number;
  private playing = 0;
  private last = 0;

  constructor(
    private readonly root: HTMLElement,
    private readonly map: GlMap | undefined,
    private readonly points: Report[],
    private readonly gaps: [number, number][],
  ) {
    this.begins = Number(root.dataset["begins"] ?? 0) * 1000;
    this.span = Number(root.dataset["ends"] ?? 0) * 1000 - this.begins;
    this.now = this.begins;
  }

  begin(): void {
    if (!this.points.length || !this.slider) return;
    for (const hidden of [this.slider, this.button, this.rate]) hidden?.removeAttribute("hidden");
    this.cursor?.removeAttribute("hidden");
    this.slider.addEventListener("input", () => {
      this.pause();
      this.go(this.begins + (Number(this.slider?.value) / 1000) * this.span);
    });
    this.button?.addEventListener("click", () => (this.playing ? this.pause() : this.play()));
    document.addEventListener("click", (event) => {
      const target = event.target as HTMLElement;
      const jump = target.closest<HTMLElement>("[data-jump]");
      const curve = target.closest<SVGElement>(".rp-svg");
      if (jump) {
        event.preventDefault();
        this.go(Number(jump.dataset["jump"]), true);
      } else if (curve) {
        const box = curve.getBoundingClientRect();
        this.go(this.begins + ((event.clientX - box.left) / box.width) * this.span);
      }
    });
    this.go(this.asked() ?? this.begins);
  }

  /** The moment of ``?at=14:11:05`` on the day shown. */
  private asked(): number | undefined {
    const at = this.root.dataset["at"];
    const moment = Date.parse(`${this.root.dataset["day"] ?? ""}T${at ?? ""}+08:00`);
    return at && !Number.isNaN(moment) ? moment : undefined;
  }

  private go(moment: number, look = false): void {
    this.now = Math.min(Math.max(moment, this.begins), this.begins + this.span);
    const share = this.span ? ((this.now - this.begins) / this.span) * 1000 : 0;
    if (this.slider) this.slider.value = String(share);
    this.cursor?.setAttribute("d", `M${share} 0V150`);
    const report = this.reportAt(this.now);
    const silent = this.gaps.some(([from, to]) => this.now >= from && this.now < to);
    const words = silent ? (this.root.dataset["tGap"] ?? "") : `${Math.round(report[3])} km/h`;
    const said = `${clock(this.now)}  ${words}`;
    if (this.output) this.output.value = said;
    this.slider?.setAttribute("aria-valuetext", said);
    this.mark(report, silent);
    if (look) this.map?.easeTo({ center: [report[1], report[2]], duration: 400 });
  }

  /** The last report up to a moment. */
  private reportAt(moment: number): Report {
    let [low, high] = [0, this.points.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.points[middle]?.[0] ?? 0) <= moment) low = middle;
      else high = middle - 1;
    }
    return this.points[low] ?? [0, 0, 0, 0, 0];
  }

  private mark(report: Report, silent: boolean): void {
    const properties = { id: 0, plate: "", icon: silent ? "v-offline" : "v-local", turn: report[4], order: 0, state: "" };
    this.map?.getSource<GeoJSONSource>("vehicles")?.setData({
      type: "FeatureCollection",
      features: [{ type: "Feature", geometry: { type: "Point", coordinates: [report[1], report[2]] }, properties }],
    });
  }

  private play(): void {
    if (this.now >= this.begins + this.span) this.now = this.begins;
    this.last = performance.now();
    this.say("tPause");
    const step = (at: number): void => {
      this.go(this.now + (at - this.last) * Number(this.rate?.value ?? 120));
      this.last = at;
      if (this.now >= this.begins + this.span) this.pause();
      else this.playing = requestAnimationFrame(step);
    };
    this.playing = requestAnimationFrame(step);
  }

  private pause(): void {
    cancelAnimationFrame(this.playing);
    this.playing = 0;
    this.say("tPlay");
  }

  private say(name: "tPlay" | "tPause"): void {
    if (this.button) this.button.textContent = this.button.dataset[name] ?? "";
  }
}

/** The map as it is shown, with plate, day and moment written below it. */
function offerPicture(root: HTMLElement, map: GlMap | undefined): void {
  const button = find<HTMLButtonElement>("[data-save]");
  if (!map || !button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = map.getCanvas();
    const line = Math.round(shown.height / 18);
    const canvas = document.createElement("canvas");
    canvas.width = shown.width;
    canvas.height = shown.height + line;
    const pen = canvas.getContext("2d");
    if (!pen) return;
    pen.drawImage(shown, 0, 0);
    const look = getComputedStyle(document.body);
    pen.fillStyle = look.getPropertyValue("--ja-surface");
    pen.fillRect(0, shown.height, canvas.width, line);
    pen.fillStyle = look.getPropertyValue("--ja-ink");
    pen.font = `${Math.round(line * 0.6)}px ${look.fontFamily}`;
    const when = find<HTMLOutputElement>("[data-now]")?.value ?? "";
    const words = [root.dataset["plate"], root.dataset["day"], when, find(".ja-map-note")?.textContent];
    pen.fillText(words.filter(Boolean).join("   "), line / 2, shown.height + line * 0.72);
    canvas.toBlob((blob) => {
      if (!blob) return;
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = `${root.dataset["plate"] ?? ""}-${root.dataset["day"] ?? ""}.png`;
      link.click();
      URL.revokeObjectURL(link.href);
    });
  });
}

// ------------------------------------------------------------------ region

async function beginRegion(root: HTMLElement): Promise<void> {
  const map = makeMap(root);
  if (!map) return;
  const places = await loadGround(root, map);
  const area = JSON.parse(find("#region-area")?.textContent ?? "{}") as GeoJSON.Geometry;
  if ("coordinates" in area) show(map, area);
  const home = (duration = 400): void => {
    map.fitBounds(bounds(places, "district") ?? bounds(places) ?? DISTRICT, { padding: 24, duration });
  };
  if ("coordinates" in area) map.fitBounds(bounds(collection(area)) ?? DISTRICT, { padding: 60, maxZoom: 15, duration: 0 });
  else home(0);
  find("[data-home]")?.addEventListener("click", () => home());
  drawBox(map);
  map.once("idle", () => (root.dataset["drawn"] = "yes"));
}

function collection(geometry: GeoJSON.Geometry): Shapes {
  return { type: "FeatureCollection", features: [{ type: "Feature", geometry, properties: { kind: "region" } }] };
}

function show(map: GlMap, geometry: GeoJSON.Geometry): void {
  map.getSource<GeoJSONSource>("track")?.setData(collection(geometry));
}

function drawBox(map: GlMap): void {
  const button = find<HTMLButtonElement>("[data-draw]");
  const hint = find<HTMLElement>("[data-hint]");
  const field = find<HTMLInputElement>("#box");
  let drawing = false;
  let corner: [number, number] | undefined;
  const set = (on: boolean): void => {
    drawing = on;
    button?.setAttribute("aria-pressed", String(on));
    button?.classList.toggle("btn-primary", on);
    if (hint) hint.hidden = !on;
    map.getCanvas().style.cursor = on ? "crosshair" : "";
    if (on) map.dragPan.disable();
    else map.dragPan.enable();
  };
  const boxTo = (event: MapMouseEvent | MapTouchEvent): Box | undefined => {
    if (!corner) return undefined;
    const { lng, lat } = event.lngLat;
    return [Math.min(corner[0], lng), Math.min(corner[1], lat), Math.max(corner[0], lng), Math.max(corner[1], lat)];
  };
  const down = (event: MapMouseEvent | MapTouchEvent): void => {
    if (drawing) corner = [event.lngLat.lng, event.lngLat.lat];
  };
  const move = (event: MapMouseEvent | MapTouchEvent): void => {
    const box = boxTo(event);
    if (box) show(map, polygon(box));
  };
  const up = (event: MapMouseEvent | MapTouchEvent): void => {
    const box = boxTo(event);
    corner = undefined;
    if (!box || box[0] === box[2] || box[1] === box[3]) return;
    if (field) field.value = box.map((degrees) => degrees.toFixed(6)).join(",");
    set(false);
  };
  button?.addEventListener("click", () => set(!drawing));
  for (const name of ["mousedown", "touchstart"] as const) map.on(name, down);
  for (const name of ["mousemove", "touchmove"] as const) map.on(name, move);
  for (const name of ["mouseup", "touchend"] as const) map.on(name, up);
}

function polygon([west, south, east, north]: Box): GeoJSON.Polygon {
  return { type: "Polygon", coordinates: [[[west, south], [east, south], [east, north], [west, north], [west, south]]] };
}
