import type { AlertTier } from '../../../tiers.ts';
import type { MessageEvent } from '../../message.ts';

/** The languages in which a card can be written. */
export const languages = ['en', 'zh'] as const;
export type Language = (typeof languages)[number];

/** Everything in a card that does not come from the alert itself. */
export interface Words {
  readonly tier: Readonly<Record<AlertTier, string>>;
  /** What has happened; a firing alert says it by its name. */
  readonly event: Readonly<Record<Exclude<MessageEvent, 'firing'>, string>>;
  readonly field: Readonly<
    Record<'tier' | 'code' | 'where' | 'since' | 'lasted' | 'unacknowledged' | 'todo' | 'runbook', string>
  >;
  readonly link: Readonly<Record<'acknowledge' | 'runbook' | 'dashboard' | 'overview', string>>;
  /** What stands before the values of these labels. */
  readonly place: Readonly<Record<'line' | 'device' | 'queue', string>>;
  readonly unit: Readonly<Record<'days' | 'hours' | 'minutes' | 'seconds', string>>;
  /** Between a field and its value. */
  readonly colon: string;
  readonly comma: string;
  readonly unnamed: string;
  readonly unknownTime: string;
  notices(count: number): string;
  more(count: number, tiers: string): string;
  omitted(count: number): string;
}

/** The fixed words of the cards. */
export const wordsIn: Readonly<Record<Language, Words>> = {
  en: {
    tier: { A: 'blocks production, act now', B: 'limits a function, act today', C: 'advises' },
    event: {
      resolved: 'resolved',
      escalated: 'nobody has acknowledged it',
      'heartbeat-lost': 'the monitoring is silent',
      'heartbeat-back': 'the monitoring is back',
    },
    field: {
      tier: 'Tier',
      code: 'Code',
      where: 'Where',
      since: 'Since',
      lasted: 'Lasted',
      unacknowledged: 'Not acknowledged since',
      todo: 'What to do',
      runbook: 'Runbook',
    },
    link: { acknowledge: 'Acknowledge', runbook: 'Runbook', dashboard: 'Dashboard', overview: 'All alerts' },
    place: { line: 'line', device: 'device', queue: 'queue' },
    unit: { days: 'd', hours: 'h', minutes: 'min', seconds: 's' },
    colon: ': ',
    comma: ', ',
    unnamed: 'alert without a name',
    unknownTime: 'an unknown time',
    notices: (count) => (count === 1 ? '1 notice' : `${count} notices`),
    more: (count, tiers) => `and ${count} more: ${tiers}`,
    omitted: (count) =>
      `Alertmanager left out ${count === 1 ? '1 more alert' : `${count} more alerts`}: its notice was cut short`,
  },
  zh: {
    tier: { A: '阻塞性故障，立即处理', B: '功能受限，当天处理', C: '提示性警告' },
    event: {
      resolved: '已恢复',
      escalated: '尚无人确认',
      'heartbeat-lost': '监控失去心跳',
      'heartbeat-back': '监控心跳恢复',
    },
    field: {
      tier: '级别',
      code: '代码',
      where: '位置',
      since: '开始时间',
      lasted: '持续时间',
      unacknowledged: '无人确认，始于',
      todo: '处理方法',
      runbook: '处置手册',
    },
    link: { acknowledge: '确认接手', runbook: '处置手册', dashboard: '仪表盘', overview: '全部告警' },
    place: { line: '产线', device: '设备', queue: '队列' },
    unit: { days: '天', hours: '小时', minutes: '分钟', seconds: '秒' },
    colon: '：',
    comma: '，',
    unnamed: '未命名告警',
    unknownTime: '未知时间',
    notices: (count) => `${count} 条通知`,
    more: (count, tiers) => `另有 ${count} 条：${tiers}`,
    omitted: (count) => `Alertmanager 另外省略了 ${count} 条告警（通知被截断）`,
  },
};
