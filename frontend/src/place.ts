// Drawing a place by hand in its form. The coordinate field stays the truth: what is drawn is
// written there, and what is typed there is drawn. So a keyboard is enough, and script is not needed.

import type { GeoJSONSource, LngLat, Map as GlMap, MapMouseEvent, MapTouchEvent } from "maplibre-gl";
import { bounds } from "./drawing";
import { DISTRICT, loadGround, makeMap } from "./ground";

type Corner = [number, number];
type Shapes = GeoJSON.FeatureCollection;
type Press = MapMouseEvent | MapTouchEvent;

const EARTH_M = 6_371_008.8;
const RADIANS = Math.PI / 180;
const NONE: Shapes = { type: "FeatureCollection", features: [] };

const root = document.querySelector<HTMLElement>("#place-map");
if (root) void begin(root);

function find<T extends Element>(selector: string): T | null {
  return document.querySelector<T>(selector);
}

async function begin(root: HTMLElement): Promise<void> {
  const map = makeMap(root);
  if (!map) return;
  // Who may draw need not be allowed to watch the map: then only the own shape is shown.
  const places = await loadGround(root, map).catch(() => NONE);
  const draft = new Draft(root, map);
  draft.begin();
  map.fitBounds(bounds(draft.shapes()) ?? bounds(places, "district") ?? DISTRICT, {
    padding: 40,
    maxZoom: 15,
    duration: 0,
  });
  map.once("idle", () => (root.dataset["drawn"] = "yes"));
}

/** Metres between two corners, on a sphere: good to a few metres for a radius. */
function metres(one: Corner, other: Corner): number {
  const up = (other[1] - one[1]) * RADIANS;
  const over = (other[0] - one[0]) * RADIANS * Math.cos(((one[1] + other[1]) / 2) * RADIANS);
  return EARTH_M * Math.hypot(up, over);
}

function around(centre: Corner, radius: number): Corner[] {
  const squeeze = Math.cos(centre[1] * RADIANS);
  const degrees = radius / EARTH_M / RADIANS;
  return Array.from({ length: 65 }, (_, step) => {
    const turn = (step / 64) * 2 * Math.PI;
    return [centre[0] + (Math.cos(turn) * degrees) / squeeze, centre[1] + Math.sin(turn) * degrees];
  });
}

/** The rings of the field: lines of longitude,latitude, a blank line between two, or GeoJSON. */
export function parse(text: string): Corner[][] | undefined {
  if (text.trim().startsWith("{")) return ofGeometry(text);
  const rings: Corner[][] = [[]];
  for (const line of text.split(/\r?\n/)) {
    if (!line.trim()) {
      if (rings[rings.length - 1]?.length) rings.push([]);
      continue;
    }
    const [lon, lat] = line.replaceAll("，", ",").replaceAll("\t", ",").split(",").map(Number);
    if (lon === undefined || lat === undefined || !Number.isFinite(lon) || !Number.isFinite(lat)) return undefined;
    rings[rings.length - 1]?.push([lon, lat]);
  }
  return rings.filter((ring) => ring.length).map(open);
}

function ofGeometry(text: string): Corner[][] | undefined {
  try {
    const said = JSON.parse(text) as GeoJSON.Geometry;
    if (said.type === "Polygon") return said.coordinates.map((ring) => open(ring as Corner[]));
    if (said.type === "LineString") return [said.coordinates as Corner[]];
    if (said.type === "Point") return [[said.coordinates as Corner]];
  } catch {
    // Half typed: nothing is drawn until it can be read, and the server says what is wrong.
  }
  return undefined;
}

/** A ring without its repeated last corner. */
function open(ring: Corner[]): Corner[] {
  const [first, last] = [ring[0], ring[ring.length - 1]];
  const closed = ring.length > 3 && first && last && first[0] === last[0] && first[1] === last[1];
  return closed ? ring.slice(0, -1) : ring;
}

class Draft {
  private readonly field = find<HTMLTextAreaElement>("[name=coordinates]");
  private readonly shape = find<HTMLSelectElement>("[name=shape]");
  private readonly datum = find<HTMLSelectElement>("[name=datum]");
  private readonly size = find<HTMLInputElement>("[name=size_m]");
  private readonly button = find<HTMLButtonElement>("[data-draw]");
  private readonly hint = find<HTMLElement>("[data-hint]");
  private rings: Corner[][] = [];
  private drawing = false;
  private held: Corner | undefined;
  private moved = false;

  constructor(
    private readonly root: HTMLElement,
    private readonly map: GlMap,
  ) {}

  begin(): void {
    this.layers();
    this.read();
    for (const control of [this.field, this.shape, this.datum, this.size]) {
      control?.addEventListener("input", () => this.read());
    }
    this.button?.addEventListener("click", () => this.set(!this.drawing));
    find("[data-undo]")?.addEventListener("click", () => this.undo());
    find("[data-hole]")?.addEventListener("click", () => this.hole());
    find("[data-clear]")?.addEventListener("click", () => this.clear());
    for (const name of ["mousedown", "touchstart"] as const) this.map.on(name, (press) => this.down(press));
    for (const name of ["mousemove", "touchmove"] as const) this.map.on(name, (press) => this.move(press));
    for (const name of ["mouseup", "touchend"] as const) this.map.on(name, () => this.up());
    this.map.on("click", (press) => this.click(press.lngLat));
    this.map.on("zoom", () => this.widen());
  }

  // ---------------------------------------------------------------- what is there

  private get kind(): string {
    return this.shape?.value ?? "polygon";
  }

  private get area(): boolean {
    return this.kind === "polygon";
  }

  private get metres(): number {
    return Number(this.size?.value) || 0;
  }

  /** Only WGS-84 is drawn: other datums are shifted by half a kilometre on this map. */
  private get drawable(): boolean {
    return this.datum?.value === "wgs84" || !this.field?.value.trim();
  }

  private corners(): Corner[] {
    return this.rings.flat();
  }

  private read(): void {
    const read = this.drawable ? parse(this.field?.value ?? "") : [];
    if (read) this.rings = read;
    this.show();
    this.tell();
  }

  private write(): void {
    if (!this.field) return;
    const lines = (ring: Corner[]): string => ring.map(([x, y]) => `${x.toFixed(6)},${y.toFixed(6)}`).join("\n");
    this.field.value = this.rings.filter((ring) => ring.length).map(lines).join("\n\n");
    if (this.datum) this.datum.value = "wgs84";
    this.show();
    this.tell();
  }

  // ---------------------------------------------------------------- what is done

  private set(on: boolean): void {
    this.drawing = on;
    this.button?.setAttribute("aria-pressed", String(on));
    this.button?.classList.toggle("btn-primary", on);
    this.map.getCanvas().style.cursor = on ? "crosshair" : "";
    if (on) this.map.doubleClickZoom.disable();
    else this.map.doubleClickZoom.enable();
    this.tell();
  }

  private click(at: LngLat): void {
    if (!this.drawing || !this.drawable || this.moved) return;
    const corner: Corner = [at.lng, at.lat];
    const centre = this.corners()[0];
    if (this.kind !== "circle") {
      if (!this.rings.length) this.rings.push([]);
      this.rings[this.rings.length - 1]?.push(corner);
    } else if (centre && this.size && !this.metres) {
      this.size.value = String(Math.max(1, Math.round(metres(centre, corner))));
    } else {
      this.rings = [[corner]];
      if (this.size) this.size.value = "";
    }
    this.write();
  }

  private undo(): void {
    this.rings[this.rings.length - 1]?.pop();
    this.rings = this.rings.filter((ring) => ring.length);
    this.write();
  }

  private hole(): void {
    if (this.area && (this.rings[this.rings.length - 1]?.length ?? 0) > 2) this.rings.push([]);
    this.set(true);
  }

  private clear(): void {
    this.rings = [];
    this.write();
    this.set(true);
  }

  private down(press: Press): void {
    this.moved = false;
    if (!this.drawing || !this.drawable) return;
    const near = this.map.queryRenderedFeatures(
      [
        [press.point.x - 9, press.point.y - 9],
        [press.point.x + 9, press.point.y + 9],
      ],
      { layers: ["draft-corner"] },
    )[0];
    this.held = near ? this.corners()[Number(near.properties["number"])] : undefined;
    if (this.held) press.preventDefault(); // the map stays, the corner moves
  }

  private move(press: Press): void {
    if (!this.held) return;
    this.moved = true;
    [this.held[0], this.held[1]] = [press.lngLat.lng, press.lngLat.lat];
    this.write();
  }

  private up(): void {
    this.held = undefined;
  }

  // ---------------------------------------------------------------- what is seen

  shapes(): Shapes {
    const [ring] = this.rings;
    const features: GeoJSON.Feature[] = this.corners().map((corner, number) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: corner },
      properties: { number },
    }));
    const add = (geometry: GeoJSON.Geometry): void => {
      features.push({ type: "Feature", geometry, properties: { kind: this.kind } });
    };
    if (ring?.[0] && this.kind === "circle" && this.metres) {
      add({ type: "Polygon", coordinates: [around(ring[0], this.metres)] });
    } else if (ring && this.area && ring.length > 2) {
      const closed = this.rings.filter((one) => one.length > 2).map((one) => [...one, one[0] as Corner]);
      add({ type: "Polygon", coordinates: closed });
    } else if (this.corners().length > 1 && this.kind !== "circle") {
      add({ type: "LineString", coordinates: this.corners() });
    }
    return { type: "FeatureCollection", features };
  }

  private show(): void {
    this.map.getSource<GeoJSONSource>("draft")?.setData(this.shapes());
    this.root.dataset["corners"] = String(this.corners().length);
    this.widen();
  }

  /** A corridor as wide on the map as it is on the ground. */
  private widen(): void {
    const middle = this.corners()[0];
    if (!middle || this.kind !== "corridor") {
      this.map.setPaintProperty("draft-width", "line-width", 0);
      return;
    }
    const perPixel = (2 * Math.PI * EARTH_M * Math.cos(middle[1] * RADIANS)) / (512 * 2 ** this.map.getZoom());
    this.map.setPaintProperty("draft-width", "line-width", this.metres / perPixel);
  }

  private tell(): void {
    if (!this.hint) return;
    const words = this.root.dataset;
    const text = !this.drawable
      ? words["tDatum"]
      : !this.drawing
        ? ""
        : this.kind === "circle"
          ? words["tCircle"]
          : words["tCorner"];
    this.hint.textContent = text ?? "";
    this.hint.hidden = !text;
  }

  private layers(): void {
    const colour = (name: string): string => getComputedStyle(document.body).getPropertyValue(name).trim();
    const [accent, paper] = [colour("--ja-focus"), colour("--ja-surface")];
    const round = { "line-join": "round", "line-cap": "round" } as const;
    this.map.addSource("draft", { type: "geojson", data: NONE });
    this.map.addLayer({ id: "draft-fill", type: "fill", source: "draft", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": accent, "fill-opacity": 0.18 } });
    this.map.addLayer({ id: "draft-width", type: "line", source: "draft", filter: ["==", ["geometry-type"], "LineString"], layout: round, paint: { "line-color": accent, "line-opacity": 0.2, "line-width": 0 } });
    this.map.addLayer({ id: "draft-line", type: "line", source: "draft", filter: ["!=", ["geometry-type"], "Point"], layout: round, paint: { "line-color": accent, "line-width": 2.5 } });
    this.map.addLayer({ id: "draft-corner", type: "circle", source: "draft", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 5, "circle-color": paper, "circle-stroke-color": accent, "circle-stroke-width": 2 } });
  }
}
