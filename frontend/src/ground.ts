// The ground that every map of ours stands on: the canvas, its controls, what the server sends.

import { type GeoJSONSource, Map as GlMap, NavigationControl, ScaleControl, setWorkerUrl } from "maplibre-gl";
import { addMarks, style } from "./drawing";

/** Where a map looks before anything is loaded. */
export const DISTRICT: [number, number, number, number] = [113.15, 29.39, 113.44, 29.65];

export async function json<T>(url: string): Promise<T> {
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return (await answer.json()) as T;
}

/** A map in the root's canvas; without WebGL nothing, and the page says so. */
export function makeMap(root: HTMLElement): GlMap | undefined {
  const canvas = root.querySelector<HTMLElement>("[data-canvas]");
  if (!canvas || !document.createElement("canvas").getContext("webgl2")) {
    root.querySelector<HTMLElement>("[data-nogl]")?.removeAttribute("hidden");
    return undefined;
  }
  setWorkerUrl(new URL(root.dataset["worker"] ?? "", location.href).href);
  const map = new GlMap({
    container: canvas,
    style: style(),
    bounds: DISTRICT,
    attributionControl: false,
    canvasContextAttributes: { preserveDrawingBuffer: root.dataset["picture"] === "yes" },
    dragRotate: false,
    pitchWithRotate: false,
    localIdeographFontFamily: getComputedStyle(document.body).fontFamily,
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "bottom-right");
  map.addControl(new ScaleControl({ unit: "metric" }), "bottom-right");
  map.on("styledata", () => {
    if (!map.hasImage("v-local")) addMarks(map);
  });
  return map;
}

/** Roads, water and places on the map; answers the places. */
export async function loadGround(root: HTMLElement, map: GlMap | undefined): Promise<GeoJSON.FeatureCollection> {
  const loaded = map ? new Promise<void>((done) => map.once("load", () => done())) : undefined;
  const asked = Promise.allSettled([
    json<GeoJSON.FeatureCollection>(root.dataset["base"] ?? ""),
    json<GeoJSON.FeatureCollection>(root.dataset["places"] ?? ""),
  ]);
  await loaded; // also when nothing comes: then there is a map to draw on
  const [base, places] = (await asked).map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  }) as [GeoJSON.FeatureCollection, GeoJSON.FeatureCollection];
  map?.getSource<GeoJSONSource>("base")?.setData(base);
  map?.getSource<GeoJSONSource>("places")?.setData(places);
  return places;
}
