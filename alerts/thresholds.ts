import { z } from 'zod';
import { databaseThresholds } from './thresholds/database.ts';
import { devicesThresholds } from './thresholds/devices.ts';
import { hostThresholds } from './thresholds/host.ts';
import { mesThresholds } from './thresholds/mes.ts';
import { monitoringThresholds } from './thresholds/monitoring.ts';
import { queueThresholds } from './thresholds/queue.ts';
import { syncThresholds } from './thresholds/sync.ts';

/** `alerts.thresholds:` in andon.yaml: where each rule's limit lies. The defaults suit a plant until it knows better. */
export const thresholdsSection = z
  .strictObject({
    mes: mesThresholds.prefault({}),
    sync: syncThresholds.prefault({}),
    devices: devicesThresholds.prefault({}),
    database: databaseThresholds.prefault({}),
    queue: queueThresholds.prefault({}),
    host: hostThresholds.prefault({}),
    monitoring: monitoringThresholds.prefault({}),
  })
  .prefault({});
