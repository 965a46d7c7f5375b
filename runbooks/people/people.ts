import { z } from 'zod';
import { carriesToken } from '../../kit/bearer.ts';

/** 车间主任, 班组长, 维修员: as the plant's own rights are given. */
export const peopleRole = z.enum(['director', 'leader', 'maintainer']);
export type PeopleRole = z.output<typeof peopleRole>;

/** Who may approve runbooks: `runbooks.people` in andon.yaml. */
export const person = z.strictObject({
  name: z.string().min(1).max(80),
  roles: z.array(peopleRole).min(1),
  /** What this person signs in with. */
  token: z.string().min(16, 'must have at least 16 characters: who knows it can approve what ends sessions'),
});
export type Person = z.output<typeof person>;

/** The person with that token, compared without telling by its time how much of it was right. */
export function personWithToken(people: readonly Person[], token: string | undefined): Person | undefined {
  if (token === undefined) return undefined;
  return people.find((one) => carriesToken(`Bearer ${token}`, one.token));
}
