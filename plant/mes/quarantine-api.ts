import type { Express } from 'express';
import { callerOf, requireRole } from '../http-caller.ts';
import { parsed } from '../http-errors.ts';
import { quarantineQuerySchema, quarantineRequestSchema } from '../mes-api.ts';
import { Refusal } from '../refusal.ts';
import type { Role } from '../settings.ts';
import type { AppParts } from './app.ts';
import { beginQuarantine, type Device, endQuarantine, listDevices } from './quarantines.ts';

/** Who may take a device out of dispatch and let it back. */
const mayQuarantine: readonly Role[] = ['director', 'leader', 'maintainer', 'system'];

/** The devices, and which of them are out of dispatch. Each request may be sent again and again. */
export function addQuarantines(app: Express, parts: AppParts): void {
  const { database, tokens, options, onEvent, onChange } = parts;
  const deviceOf = async (id: unknown): Promise<Device> => {
    const [device] = await listDevices(database, String(id));
    if (device === undefined) throw new Refusal(404, 'unknown-device', `there is no device ${String(id)}`);
    return device;
  };
  app.get('/devices', async (request, response) => {
    callerOf(request, tokens);
    response.json(await listDevices(database));
  });
  app.get('/devices/:id/quarantine', async (request, response) => {
    callerOf(request, tokens);
    const { id, quarantine } = await deviceOf(request.params.id);
    if (quarantine === null) throw new Refusal(404, 'no-quarantine', `the device ${id} is in dispatch`);
    response.json(quarantine);
  });
  app.put('/devices/:id/quarantine', async (request, response) => {
    const caller = callerOf(request, tokens);
    requireRole(caller, mayQuarantine);
    const wish = parsed(quarantineRequestSchema, request.body);
    const { id } = await deviceOf(request.params.id);
    if (await beginQuarantine(database, id, wish, caller, options.outbox)) onEvent();
    response.json(await deviceOf(id));
  });
  app.delete('/devices/:id/quarantine', async (request, response) => {
    const caller = callerOf(request, tokens);
    requireRole(caller, mayQuarantine);
    const { mine } = parsed(quarantineQuerySchema, request.query);
    const { id } = await deviceOf(request.params.id);
    if (await endQuarantine(database, id, mine, caller, options.outbox)) {
      onEvent();
      onChange();
    }
    response.json(await deviceOf(id));
  });
}
