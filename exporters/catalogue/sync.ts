import { counter, gauge } from '../metric.ts';

/** The ways of data between ERP, MES and WMS, and whether both ends hold the same. */
export const syncMetrics = {
  syncLastSuccess: gauge(
    'mes_sync_last_success_timestamp_seconds',
    ['target', 'source', 'destination', 'entity'],
    'When this entity was last synchronised successfully.',
  ),
  syncInterval: gauge(
    'mes_sync_interval_seconds',
    ['target', 'source', 'destination', 'entity'],
    'The interval that this synchronisation should keep.',
  ),
  syncPending: gauge(
    'mes_sync_pending_records',
    ['target', 'source', 'destination', 'entity'],
    'Records that wait to be synchronised.',
  ),
  syncRecords: counter(
    'mes_sync_records_total',
    ['target', 'source', 'destination', 'entity'],
    'Records handed to the synchronisation, failed ones included.',
  ),
  syncRecordsFailed: counter(
    'mes_sync_records_failed_total',
    ['target', 'source', 'destination', 'entity'],
    'Records whose synchronisation failed.',
  ),

  // Comparisons of what two systems hold. The records that differ are served at /consistency/NAME, never as labels.
  consistencyMismatched: gauge(
    'mes_consistency_mismatched_records',
    ['target', 'source', 'destination', 'dimension'],
    'Records that differed at the last comparison, by what differs.',
  ),
  consistencyCompared: gauge(
    'mes_consistency_compared_records',
    ['target', 'source', 'destination', 'dimension'],
    'Records that were compared at the last comparison.',
  ),
  consistencyUnsettled: gauge(
    'mes_consistency_unsettled_records',
    ['target', 'source', 'destination'],
    'Records that differed at the last comparison but changed after its watermark, so that they do not count yet.',
  ),
  consistencyLastCheck: gauge(
    'mes_consistency_last_check_timestamp_seconds',
    ['target', 'source', 'destination'],
    'When the last comparison finished.',
  ),
  consistencyCheckInterval: gauge(
    'mes_consistency_check_interval_seconds',
    ['target', 'source', 'destination'],
    'The interval at which this comparison should be made.',
  ),
};
