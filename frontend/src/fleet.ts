// What is known of the vehicles: records, last fixes, open alarms, and the state of each.

import type { Fix, OpenAlarm, State, Vehicle, VehicleList } from "./types";

export class Fleet {
  readonly vehicles = new Map<number, Vehicle>();
  readonly fixes = new Map<number, Fix>();
  readonly alarms = new Map<number, string>();
  /** Server clock minus this computer's clock, ms: an office PC may be minutes off. */
  skew = 0;

  constructor(private readonly onlineMs: number) {}

  now(): number {
    return Date.now() + this.skew;
  }

  setList(list: VehicleList): void {
    this.vehicles.clear();
    for (const vehicle of list.vehicles) this.vehicles.set(vehicle.id, vehicle);
    this.setAlarms(list.alarms);
  }

  setAlarms(alarms: OpenAlarm[]): void {
    this.alarms.clear();
    for (const alarm of alarms) this.alarms.set(alarm.vehicle, alarm.label);
  }

  /** True when a vehicle came that no record is known of: fetch the list again. */
  take(fixes: Fix[]): boolean {
    let unknown = false;
    for (const fix of fixes) {
      this.fixes.set(fix[0], fix);
      unknown ||= !this.vehicles.has(fix[0]);
    }
    return unknown;
  }

  ageMs(id: number): number | undefined {
    const fix = this.fixes.get(id);
    return fix && Math.max(0, this.now() - fix[6]);
  }

  online(id: number): boolean {
    const age = this.ageMs(id);
    return age !== undefined && age <= this.onlineMs;
  }

  state(vehicle: Vehicle): State {
    if (this.alarms.has(vehicle.id)) return "alarm";
    if (!this.online(vehicle.id)) return "offline";
    return vehicle.outside ? "outside" : "local";
  }

  /** Counts of the tree: parts add up to the fleet. */
  counts(): Record<State, number> {
    const counts: Record<State, number> = { alarm: 0, local: 0, outside: 0, offline: 0 };
    for (const vehicle of this.vehicles.values()) counts[this.state(vehicle)] += 1;
    return counts;
  }

  /** Plate search forgives the province character, dots, spaces and case. */
  search(text: string, group: State | ""): Vehicle[] {
    const bare = text.normalize("NFKC").toUpperCase().replace(/[\s·•・.\-]+/g, "");
    const found: Vehicle[] = [];
    for (const vehicle of this.vehicles.values()) {
      if (bare ? vehicle.find.includes(bare) : !group || this.state(vehicle) === group) {
        found.push(vehicle);
      }
    }
    // By plate, so that a line stays under the finger that reaches for it.
    return found.sort((a, b) => (a.find < b.find ? -1 : 1));
  }

  features(): GeoJSON.Feature[] {
    const features: GeoJSON.Feature[] = [];
    for (const [id, fix] of this.fixes) {
      const vehicle = this.vehicles.get(id);
      if (!vehicle) continue;
      const state = this.state(vehicle);
      const label = this.alarms.get(id);
      features.push({
        type: "Feature",
        id,
        geometry: { type: "Point", coordinates: [fix[1], fix[2]] },
        properties: {
          id,
          state,
          icon: `v-${state}`,
          turn: fix[4],
          plate: label ? `${vehicle.plate} ${label}` : vehicle.plate,
          order: state === "alarm" ? 3 : state === "outside" ? 2 : state === "local" ? 1 : 0,
        },
      });
    }
    return features;
  }
}

/** Whether a point lies in a GeoJSON polygon (first ring minus holes), WGS-84 degrees. */
export function inside(geometry: GeoJSON.Geometry, lon: number, lat: number): boolean {
  if (geometry.type === "MultiPolygon") {
    return geometry.coordinates.some((part) => inRings(part, lon, lat));
  }
  return geometry.type === "Polygon" && inRings(geometry.coordinates, lon, lat);
}

function inRings(rings: GeoJSON.Position[][], lon: number, lat: number): boolean {
  return rings.reduce((is, ring) => is !== inRing(ring, lon, lat), false);
}

function inRing(ring: GeoJSON.Position[], lon: number, lat: number): boolean {
  let is = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [x1 = 0, y1 = 0] = ring[i] ?? [];
    const [x2 = 0, y2 = 0] = ring[j] ?? [];
    if (y1 > lat !== y2 > lat && lon < ((x2 - x1) * (lat - y1)) / (y2 - y1) + x1) is = !is;
  }
  return is;
}
