// The ground that every map of ours stands on: the canvas, its controls, what the server sends.

import { Map as GlMap, NavigationControl, ScaleControl, setWorkerUrl } from "maplibre-gl";
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
