// How the map looks: colours from the page's own tokens, marks drawn once, layers in order.

import type { Map as GlMap, StyleSpecification } from "maplibre-gl";

type Data = GeoJSON.FeatureCollection;
const NONE: Data = { type: "FeatureCollection", features: [] };

function token(name: string): string {
  return getComputedStyle(document.body).getPropertyValue(name).trim();
}

/** A style without tiles, glyphs or sprites from anywhere: Chinese comes from local fonts. */
export function style(): StyleSpecification {
  const text = { "text-color": token("--ja-ink-2"), "text-halo-color": token("--ja-map-land"), "text-halo-width": 1.6 };
  const kind = (...kinds: string[]): ["in", ["get", string], ["literal", string[]]] => [
    "in",
    ["get", "kind"],
    ["literal", kinds],
  ];
  return {
    version: 8,
    sources: {
      base: { type: "geojson", data: NONE },
      places: { type: "geojson", data: NONE },
      track: { type: "geojson", data: NONE },
      vehicles: { type: "geojson", data: NONE },
    },
    layers: [
      { id: "out", type: "background", paint: { "background-color": token("--ja-map-out") } },
      { id: "land", type: "fill", source: "places", filter: kind("district"), paint: { "fill-color": token("--ja-map-land") } },
      { id: "water", type: "fill", source: "base", filter: kind("water"), paint: { "fill-color": token("--ja-map-water") } },
      { id: "road-case", type: "line", source: "base", filter: kind("road"), layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": token("--ja-map-road-case"), "line-width": 6 } },
      { id: "road", type: "line", source: "base", filter: kind("road"), layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": token("--ja-map-road"), "line-width": 4 } },
      { id: "section", type: "line", source: "places", filter: kind("road"), paint: { "line-color": token("--ja-accent"), "line-width": 1, "line-opacity": 0.5 } },
      { id: "border", type: "line", source: "places", filter: kind("district"), paint: { "line-color": token("--ja-accent"), "line-width": 2, "line-dasharray": [5, 2, 1, 2], "line-opacity": 0.8 } },
      { id: "site-fill", type: "fill", source: "places", filter: kind("park", "plant", "gate"), paint: { "fill-color": token("--ja-accent"), "fill-opacity": 0.1 } },
      { id: "site-line", type: "line", source: "places", filter: kind("park", "plant", "gate"), paint: { "line-color": token("--ja-accent"), "line-width": 1.6 } },
      { id: "ban-fill", type: "fill", source: "places", filter: kind("forbidden"), paint: { "fill-color": token("--ja-late"), "fill-opacity": 0.12 } },
      { id: "ban-line", type: "line", source: "places", filter: kind("forbidden"), paint: { "line-color": token("--ja-late"), "line-width": 2, "line-dasharray": [3, 2] } },
      { id: "road-name", type: "symbol", source: "base", filter: kind("road"), layout: { "symbol-placement": "line", "text-field": ["get", "name"], "text-size": 12, "text-font": ["sans-serif"] }, paint: { ...text, "text-color": token("--ja-map-text") } },
      { id: "section-name", type: "symbol", source: "places", minzoom: 14, filter: kind("road"), layout: { "symbol-placement": "line", "text-field": ["get", "label"], "text-size": 12, "text-font": ["sans-serif"] }, paint: { ...text, "text-color": token("--ja-map-text") } },
      { id: "site-name", type: "symbol", source: "places", filter: kind("park", "plant", "gate", "forbidden"), layout: { "text-field": ["get", "label"], "text-size": 12.5, "text-font": ["sans-serif"], "text-anchor": "bottom", "text-offset": [0, -0.9] }, paint: text },
      { id: "track-way", type: "line", source: "track", filter: kind("way"), layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": token("--ja-accent"), "line-width": 3 } },
      { id: "track-over", type: "line", source: "track", filter: kind("over"), layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": token("--ja-risk-2"), "line-width": 5 } },
      { id: "track-gap", type: "line", source: "track", filter: kind("gap"), paint: { "line-color": token("--ja-ink-3"), "line-width": 2, "line-dasharray": [1.5, 2] } },
      { id: "track-displaced", type: "line", source: "track", filter: kind("displaced"), paint: { "line-color": token("--ja-late"), "line-width": 3, "line-dasharray": [3, 1.5] } },
      { id: "track-stand", type: "circle", source: "track", filter: kind("stand"), paint: { "circle-radius": 5, "circle-color": token("--ja-near"), "circle-stroke-color": token("--ja-surface"), "circle-stroke-width": 1.5 } },
      { id: "region-fill", type: "fill", source: "track", filter: kind("region"), paint: { "fill-color": token("--ja-focus"), "fill-opacity": 0.12 } },
      { id: "region-line", type: "line", source: "track", filter: kind("region"), paint: { "line-color": token("--ja-focus"), "line-width": 2 } },
      { id: "track-end", type: "circle", source: "track", filter: kind("start", "end"), paint: { "circle-radius": 5, "circle-color": ["match", ["get", "kind"], "start", token("--ja-surface"), token("--ja-accent")], "circle-stroke-color": token("--ja-accent"), "circle-stroke-width": 2 } },
      { id: "chosen", type: "circle", source: "vehicles", filter: ["==", ["get", "id"], -1], paint: { "circle-radius": 15, "circle-color": "rgba(0,0,0,0)", "circle-stroke-color": token("--ja-focus"), "circle-stroke-width": 2 } },
      { id: "alarm-ring", type: "circle", source: "vehicles", filter: ["==", ["get", "state"], "alarm"], paint: { "circle-radius": 12, "circle-color": token("--ja-late-soft"), "circle-stroke-color": token("--ja-late"), "circle-stroke-width": 2 } },
      { id: "vehicle", type: "symbol", source: "vehicles", layout: { "icon-image": ["get", "icon"], "icon-size": 0.5, "icon-rotate": ["get", "turn"], "icon-rotation-alignment": "map", "icon-allow-overlap": true, "icon-ignore-placement": true, "symbol-sort-key": ["get", "order"] } },
      { id: "plate", type: "symbol", source: "vehicles", minzoom: 11.5, layout: { "text-field": ["get", "plate"], "text-size": 11.5, "text-font": ["sans-serif"], "text-anchor": "top", "text-offset": [0, 0.9], "text-optional": true, "symbol-sort-key": ["-", 0, ["get", "order"]] }, paint: { ...text, "text-color": ["match", ["get", "state"], "alarm", token("--ja-late-ink"), token("--ja-ink-2")] } },
      { id: "alarm-plate", type: "symbol", source: "vehicles", maxzoom: 11.5, filter: ["==", ["get", "state"], "alarm"], layout: { "text-field": ["get", "plate"], "text-size": 12.5, "text-font": ["sans-serif"], "text-anchor": "bottom", "text-offset": [0, -1.2], "text-allow-overlap": true }, paint: { ...text, "text-color": token("--ja-late-ink") } },
    ],
  };
}

/** Arrows as the legend shows them, drawn at twice their size for sharp screens. */
export function addMarks(map: GlMap): void {
  const marks: [string, string, string][] = [
    ["v-local", token("--ja-accent"), token("--ja-map-land")],
    ["v-outside", token("--ja-surface"), token("--ja-accent")],
    ["v-offline", token("--ja-idle"), token("--ja-map-land")],
    ["v-alarm", token("--ja-late"), token("--ja-map-land")],
  ];
  for (const [name, fill, line] of marks) {
    const size = 44;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = size;
    const pen = canvas.getContext("2d");
    if (!pen) continue;
    pen.translate(size / 2, size / 2);
    pen.scale(2.3, 2.3);
    pen.beginPath();
    pen.moveTo(0, -7);
    pen.lineTo(5, 6);
    pen.lineTo(0, 3);
    pen.lineTo(-5, 6);
    pen.closePath();
    pen.fillStyle = fill;
    pen.strokeStyle = line;
    pen.lineWidth = name === "v-outside" ? 1.8 : 1;
    pen.lineJoin = "round";
    pen.fill();
    pen.stroke();
    map.addImage(name, pen.getImageData(0, 0, size, size));
  }
}

export const LAYERS: Record<string, string[]> = {
  fence: ["ban-fill", "ban-line", "border"],
  site: ["site-fill", "site-line", "site-name"],
  road: ["road-case", "road", "road-name", "section", "section-name"],
  plate: ["plate"],
};

/** West, south, east, north of everything in the collection, or nothing when it is empty. */
export function bounds(data: Data, only?: string): [number, number, number, number] | undefined {
  let box: [number, number, number, number] | undefined;
  const visit = (value: unknown): void => {
    if (!Array.isArray(value)) return;
    const [lon, lat] = value as unknown[];
    if (typeof lon === "number" && typeof lat === "number") {
      box = box
        ? [Math.min(box[0], lon), Math.min(box[1], lat), Math.max(box[2], lon), Math.max(box[3], lat)]
        : [lon, lat, lon, lat];
    } else for (const part of value) visit(part);
  };
  for (const feature of data.features) {
    if (only && feature.properties?.["kind"] !== only) continue;
    if ("coordinates" in feature.geometry) visit(feature.geometry.coordinates);
  }
  return box;
}
