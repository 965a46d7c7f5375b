import path from 'node:path';
import { holdStill, processOfSettings } from '../processes.ts';
import { faultOf, type Scenario } from '../scenario.ts';

const down: Scenario = {
  name: 'mes-down',
  cause: 'the process of the MES hangs (SIGSTOP): it takes connections and answers nothing',
  expects: [{ alert: 'MesDown', labels: { target: 'mes' } }],
  uses: [],
  breaks: ['mes'],
  make: async ({ lab }) => holdStill(processOfSettings(path.join(lab.dir, 'secrets', 'mes.json'))),
};

const failing: Scenario = {
  name: 'operations-failing',
  cause: 'the link between MES and database is cut with a reset: every operation fails at once',
  expects: [{ alert: 'MesOperationsFailing', labels: { target: 'mes' } }],
  uses: [],
  breaks: ['mes'],
  async make(place) {
    const madeAt = Date.now();
    return faultOf(madeAt, await place.cut('mes-db', 'reset'));
  },
};

const limitHours = 1;
/** It becomes overdue so long after it was written. */
const soonMs = 2000;

const overdue: Scenario = {
  name: 'work-order-overdue',
  cause: 'a work order in the database of the MES has been paused for three times the limit of that state',
  expects: [{ alert: 'MesWorkOrdersOverdue', labels: { target: 'mes', state: 'interrupted' } }],
  uses: ['mes'],
  breaks: [],
  async make(place) {
    const session = await place.session(place.databaseUrl('mes'));
    const madeAt = Date.now() + soonMs;
    const pausedAt = new Date(madeAt - 3 * limitHours * 3_600_000);
    const values = "'detection', 'none', 'none', 'none', 'none', false, 1, now(), 1, 'paused'";
    await session.query(
      `INSERT INTO work_orders (id, line, product, material, lot, material_ready, urgency, due_at, quantity, state,
        state_entered_at) VALUES (${values}, $1)`,
      [pausedAt],
    );
    return faultOf(madeAt, async () => {
      await session.query("DELETE FROM work_orders WHERE id = 'detection'");
      await session.end();
    });
  },
};

const lineIdle: Scenario = {
  name: 'line-idle',
  cause:
    'the gateway of a line is cut off from the MES while the shift plan says that the line is busy; the bound counts from the cut, or from a move that came after it',
  expects: [{ alert: 'MesLineIdle', labels: { target: 'mes', line: 'L2' } }],
  uses: [],
  breaks: ['line-2'],
  async make(place) {
    const madeAt = Date.now();
    const heal = await place.cut('L2-mes', 'drop');
    return faultOf(madeAt, heal, {
      since: async () => {
        const session = await place.session(place.databaseUrl('mes'));
        const sql = "SELECT max(server_ts) AS moved FROM transitions WHERE line = 'L2'";
        const { rows } = await session.query<{ moved: Date }>(sql);
        await session.end();
        return Math.max(madeAt, rows[0]?.moved.getTime() ?? madeAt);
      },
    });
  },
};

const devicesSilent: Scenario = {
  name: 'devices-silent',
  cause: 'the gateway of a line with six devices is cut off from the MES like a pulled cable',
  expects: [{ alert: 'MesDevicesSilent', labels: { target: 'mes', line: 'L1' } }],
  uses: ['mes'],
  breaks: ['line-1'],
  async make(place) {
    const madeAt = Date.now();
    return faultOf(madeAt, await place.cut('L1-mes', 'drop'));
  },
};

const latencyBudget: Scenario = {
  name: 'latency-budget',
  cause:
    'a job holds the table of work orders for 1.5 s whenever somebody asks the MES of the night (an operation each 8 s)',
  expects: [{ alert: 'MesLatencyBudgetBurning', labels: { target: 'night', slo: 'operations-are-quick' } }],
  uses: [],
  breaks: ['night'],
  async make({ night }) {
    night.isSlow = true;
    return faultOf(Date.now(), () => {
      night.isSlow = false;
    });
  },
};

const successBudget: Scenario = {
  name: 'success-budget',
  cause: 'a migration renames the table of work orders of the MES of the night: its few operations all fail',
  expects: [{ alert: 'MesSuccessBudgetBurning', labels: { target: 'night', slo: 'operations-succeed' } }],
  uses: [],
  breaks: ['night'],
  async make({ spare, session }) {
    const admin = await session(spare.url('night'));
    await admin.query('ALTER TABLE work_orders RENAME TO work_orders_next');
    return faultOf(Date.now(), async () => {
      await admin.query('ALTER TABLE work_orders_next RENAME TO work_orders');
      await admin.end();
    });
  },
};

export const slowMesScenarios: readonly Scenario[] = [lineIdle, latencyBudget, successBudget];
/** Those that need the MES whole, and those that break it. */
export const mesUsingScenarios: readonly Scenario[] = [overdue, devicesSilent];
export const mesBreakingScenarios: readonly Scenario[] = [failing, down];
