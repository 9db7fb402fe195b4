// Values that the server sends; the Python side is portal/map/shapes.py and portal/live.

export interface Vehicle {
  id: number;
  plate: string;
  find: string;
  colour: string;
  kind: string;
  outside: boolean;
  owner: string;
}

/** [vehicle, lon, lat, km/h, degrees, device ms, received ms, has a satellite fix] */
export type Fix = [number, number, number, number, number, number, number, number];

export interface OpenAlarm {
  vehicle: number;
  label: string;
}

export interface VehicleList {
  vehicles: Vehicle[];
  alarms: OpenAlarm[];
}

export type State = "alarm" | "local" | "outside" | "offline";

/** Words of the page come from the server, in the person's language. */
export type Words = (name: string, value?: string | number) => string;
