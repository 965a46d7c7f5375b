import { freePorts } from '../kit/ports.ts';

/** The links of the plant: everything that goes from one machine to another passes one, so that a drill can cut it. */
export const linkNames = [
  'mes-db',
  'mes-queue',
  'erp-db',
  'erp-queue',
  'wms-db',
  'wms-queue',
  'L1-mes',
  'L2-mes',
  'mes-esign',
] as const;
export type LinkName = (typeof linkNames)[number];

/** The links that are understood as requests and answers: those to third parties. */
export const isHttpLink = (name: string): boolean => name.endsWith('-esign');

const serverNames = [
  'postgres',
  'amqp',
  'amqp-management',
  'amqp-distribution',
  'amqp-epmd',
  'prometheus',
  'alertmanager',
  'exporter',
  'runbooks',
  'drill',
  'links',
  'control',
  'mes',
  'mes-stable',
  'mes-release',
  'erp',
  'wms',
  'esign',
  'L1',
  'L2',
] as const;
export type ServerName = (typeof serverNames)[number];

/** A free loopback port for everything that listens in a lab. */
export interface LabPorts {
  server: Record<ServerName, number>;
  link: Record<LinkName, number>;
}

export async function choosePorts(): Promise<LabPorts> {
  const ports = await freePorts(serverNames.length + linkNames.length);
  const take = <N extends string>(names: readonly N[], from: number) =>
    Object.fromEntries(names.map((name, index) => [name, ports[from + index] ?? 0])) as Record<N, number>;
  return { server: take(serverNames, 0), link: take(linkNames, serverNames.length) };
}

export const loopback = (port: number): string => `127.0.0.1:${port}`;
export const httpUrl = (port: number): string => `http://${loopback(port)}`;
