import type { Session, Statement } from '../database/database.ts';
import type { SignatureRequest } from './signatures.ts';

/** Without any limit: the longest that a timer of Node takes, some 24 days. */
export const noLimitMs = 2 ** 31 - 1;

/**
 * The weakness `signature`: the third party is called inside the request and its transaction, as in many a plant. Until it
 * answers, the order stays locked and the connection is taken; when it fails, the release fails.
 */
export async function withSignatureAtOnce<T>(
  session: Session,
  request: SignatureRequest,
  release: () => Promise<T | undefined>,
  sign: (request: SignatureRequest) => Promise<string>,
): Promise<T | undefined> {
  await session.script('BEGIN');
  try {
    const released = await release();
    if (released !== undefined) await session.query(noteSignature, [request.id, await sign(request)]);
    await session.script('COMMIT');
    return released;
  } catch (error) {
    await session.script('ROLLBACK').catch(() => {});
    throw error;
  }
}

const noteSignature: Statement = {
  name: 'signature-at-once',
  text: 'UPDATE signature_requests SET signed_at = now(), signature = $2 WHERE id = $1',
};
