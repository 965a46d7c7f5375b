import type { TargetOf } from '../../kit/targets.ts';
import { Nft } from '../network/nft.ts';

/** The firewall tables of any drill in the namespace of an address. */
export async function surveyAddress({ namespace }: TargetOf<'address'>): Promise<string[]> {
  const nft = new Nft(namespace);
  if (!nft.hasNamespace) return [];
  const tables = await nft.tables();
  return tables
    .filter((table) => table.startsWith('andon_drill'))
    .map((table) => `nftables table inet ${table}`);
}
