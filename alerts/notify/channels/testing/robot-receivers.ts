import { type Receiver, receiverSchema } from '../registry.ts';

/** Secrets that are found nowhere by chance. */
export const robotSecrets = {
  wecomKey: '693a91f6-7b2c-4bc4-97a0-0ec2dea5aaa1',
  dingtalkToken: 'f3c1a7d05c9be8d27d1f0d3c6ea55b8e',
  dingtalkSecret: 'SECe5d9a0b17f3c4d6f8a2b1c0d9e8f7a6b',
} as const;

/** The receiver of a WeCom robot at that address, with the key in it. */
export const wecomAt = (url: string, more: Record<string, unknown> = {}): Receiver =>
  receiverSchema.parse({ name: 'shift', kind: 'wecom', url: `${url}?key=${robotSecrets.wecomKey}`, ...more });

/** The receiver of a DingTalk robot at that address. */
export const dingtalkAt = (url: string, more: Record<string, unknown> = {}): Receiver =>
  receiverSchema.parse({
    name: 'shift',
    kind: 'dingtalk',
    url,
    access_token: robotSecrets.dingtalkToken,
    secret: robotSecrets.dingtalkSecret,
    ...more,
  });
